#!/usr/bin/env python3
"""What competes for a read and what does not: a place seen twice and the other segments of a read are no rivals, copies are."""
import collections, random, re
from lib import *

rng = random.Random(5)
bases = lambda n: "".join(rng.choices("ACGT", k=n))
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))

def noisy(s, rate):
    kinds = [rng.randrange(3) if rng.random() < rate else 3 for _ in s]
    return "".join(("", rng.choice("ACGT") + c, rng.choice("ACGT"), c)[k] for c, k in zip(s, kinds))

STRETCH, UNITS = 3000, ("A" * 60, "TTAGGG" * 25, "CA" * 100)
genome = "".join(bases(STRETCH) + unit for _ in range(10) for unit in UNITS) + bases(STRETCH)
unit = bases(171)
copies = len(genome) + STRETCH  # where a tandem array begins whose units are equal
genome += bases(STRETCH) + unit * 10 + bases(100000)
anl = index("rivals.anl", write("rivals.fa", f">c\n{genome}\n"))

def align(reads, *options, anl=anl):
    """{name: its records}"""
    fastq = write("rivals.fq", "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))
    found = {n: [] for n, _ in reads}
    for f, t in records(run("align", "-v", 1, *options, anl, fastq)[0]): found[f[0]].append((f, t))
    return found

def check_unique(found, least, what):
    """One record each, with at least such a MAPQ and no other place told."""
    low = [(n, f[3:6], t) for n, r in found.items() for f, t in r[:1] if int(f[4]) < least or "XA" in t]
    check(not low, f"{what}: {len(low)} of {len(found)} below MAPQ {least} or with XA: {low[:3]}")

# Single reads of more than 400 bp that run into tandem repeats: windows placed a few units beside their place lead to the same alignment.
long = {}
for i in range(10):
    at = i * (len(UNITS) * STRETCH + sum(map(len, UNITS)))
    for u in UNITS:
        at += STRETCH
        for k in (30, 195, 300): long[f"{u[:6]}:{at - k}"] = genome[at - k:at - k + 450]
        long[f"{u[:6]}:{at + 20}"] = genome[at + 20:at + 20 + 600]
        at += len(u)
check_unique(align(long.items()), 20, "long reads of unique sequence beside repeats")
check_unique(align([(f"n{i}", noisy(genome[-90000 + 700 * i:][:600], 0.1)) for i in range(60)]), 20, "noisy long reads")

# Deletions whose sides lie on diagonals farther apart than gaps are looked for.
reads = []
for gap in range(35, 61):
    for left in (60, 75, 90, 100):
        at = rng.randrange(len(genome) - 90000, len(genome) - 500)
        s = genome[at:at + left] + genome[at + left + gap:at + gap + 150]
        reads.append((f"d{gap}/{left}", rng.choice((str, turned))(s)))
for options in ((), ("-a",)):
    found = align(reads, *options)
    check_unique(found, 50, f"reads with a deletion {options}")
    check(all(int(f[1]) & 0x100 == 0 for r in found.values() for f, _ in r), f"{options}: a deletion's side as a secondary record")
joined = sum(bool(re.search(r"\dD", r[0][0][5])) for r in align(reads).values())
check(joined >= 70, f"{joined} of {len(reads)} deletions in one alignment")  # otherwise in two, with SA

# Equal units of an array compete.
found = align([(f"t{k}", genome[copies + k:copies + k + 150]) for k in range(0, 1500, 7)])
check(all(int(r[0][0][4]) <= 3 and r[0][1]["XS"] == r[0][1]["AS"] for r in found.values()), "a MAPQ inside a tandem array")

# Copies that lie within one window: the middle of inverted repeats, and copies a few bp apart.
arms = [bases(200) for _ in range(20)]
close = index("close.anl", write("close.fa", "".join(f">i{i}\n{bases(500)}{a}{turned(a)}{bases(500)}\n>d{i}\n{bases(500)}{a[:60]}{bases(i)}{a[:60]}{bases(500)}\n"
                                                    for i, a in enumerate(arms))))
reads = [(f"i{i}/{n}", (a + turned(a))[200 - n // 2:][:n]) for i, a in enumerate(arms) for n in (100, 150, 250)]
reads += [(f"d{i}", a[5:55]) for i, a in enumerate(arms)]
for r in align(reads, anl=close).values():
    check(int(r[0][0][4]) == 0 and r[0][1]["XS"] == r[0][1]["AS"], f"equal places within a window: {r}")

# Three segments from anywhere: each is judged by its own bases.
reads = [(f"s{i}", "".join(rng.choice((str, turned))(genome[at:at + 60]) for at in rng.sample(range(len(genome) - 99000, len(genome) - 60), 3)))
         for i in range(200)]
for options in ((), ("-a",)):
    found = align(reads, *options)
    whole = sum(len(r) == 3 for r in found.values())
    check(whole >= 195, f"{options}: {whole} of 200 reads in three records")
    everything = [(f, t) for r in found.values() for f, t in r]
    low = [(f, t) for f, t in everything if int(f[4]) < 10]
    told = [(f, t) for f, t in everything if "XA" in t or int(f[1]) & 0x100]
    check(len(low) <= 10 and len(told) <= 2, f"{options}: {len(low)} segments below MAPQ 10, {len(told)} with other places: {low[:2]} {told[:2]}")
    twice = [k for k, n in collections.Counter((f[0], f[2], f[3], int(f[1]) & 16, f[5].replace("H", "S")) for f, _ in everything).items() if n > 1]
    check(not twice, f"{options}: records that are there twice: {twice[:3]}")
