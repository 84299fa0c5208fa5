#!/usr/bin/env python3
"""Reads of which only a part is genome: inserts shorter than the read, tails of G, adapter dimers, repeats."""
import random, re
from lib import *

rng = random.Random(int(os.environ.get("ANNEAL_SEED", 1)))
ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTAGATCTCGGTGGTCGCCGTATCATT")
bases = lambda n: "".join(rng.choice("ACGT") for _ in range(n))
UNKNOWN = ("GTCCATGA" + bases(112), "GTCCATGA" + bases(112)) # of no kit that the program knows
genome = bases(50000) + "G" * 45 + bases(10000) + "CA" * 40 + bases(10000)
anl = index("g.anl", write("g.fa", f">c\n{genome}\n"))
reverse = lambda s: s.translate(str.maketrans("ACGT", "TGCA"))[::-1]
padded = lambda s, adapter: (s + adapter + "G" * 150)[:150]
fastq = lambda reads: "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads)

def align(first, second=None, *options):
    files = [write("1.fq", fastq(first))] + ([write("2.fq", fastq(second))] if second else [])
    return list(records(run("align", *options, anl, *files)[0]))

# ---- inserts shorter than the read: both mates there, the rest soft-clipped ----
def make_pairs(adapters, n, longest):
    pairs = [[], []]
    for i in range(n):
        size = rng.randint(30, longest)
        at = rng.randrange(50000 - size)
        part = genome[at:at + size]
        if i % 2: part = reverse(part)
        for m, s in enumerate((part, reverse(part))): pairs[m].append((f"{i}.{at}.{size}", padded(s, adapters[m])))
    return pairs

pairs = make_pairs(UNKNOWN, 400, 140)

def right_of(found, to_the_base=True):
    """Those at their place, the adapter clipped (to the base); what is wrong must not be sure."""
    right = 0
    for f, _ in found:
        _, at, size = map(int, f[0].split("."))
        check(len(f[9]) == 150 and (f[5] == "*" or sum(int(n) for n, op in re.findall(r"(\d+)([MIS])", f[5])) == 150), f"not the whole read: {f}")
        if int(f[1]) & 0x904: continue
        there = f[2] == "c" and abs(int(f[3]) - at - 1) < 10
        check(there or int(f[4]) < 20, f"wrong: {f}")
        clipped = f[5] in (f"{size}M{150 - size}S", f"{150 - size}S{size}M") and abs(int(f[8])) in (size, 0)
        right += there and (clipped or not to_the_base)
    return right

right, alone = right_of(align(*pairs)), right_of(align(pairs[0]))
check(right >= 0.99 * 800, f"read-through: {right} of 800 right")
check(alone < 0.85 * 400, f"not needed: {alone} of 400 right without their mates")
# Alone, what a kit's adapter begins with says where the insert ends.
singles = make_pairs(ADAPTERS, 200, 100)
for reads in singles:
    right = right_of(align(reads), to_the_base=False)
    check(right >= 0.97 * 200, f"single reads: {right} of 200 right")
check(body(run("align", "-t", 3, anl, path("1.fq"))[0]) == body(run("align", anl, path("1.fq"))[0]), "threads")

# ---- chimeras of four pieces: no vector of the whole is near any of them ----
chimeras = []
for i in range(100):
    at = [rng.randrange(49900) for _ in range(4)]
    chimeras.append((".".join(map(str, at)), "".join(genome[a:a + 50] for a in at)))
found, told = set(), set()
for f, _ in align(chimeras):
    hits = {(f[0], i) for i, a in enumerate(f[0].split(".")) if int(f[1]) & 4 == 0 and abs(int(f[3]) - 1 - int(a)) < 25}
    check(hits or int(f[4]) < 20, f"no piece: {f}")
    found |= hits
check(len(found) >= 0.98 * 400, f"chimeras: {len(found)} of 400 pieces")

# ---- tails of G are clipped, and found is what lies before them ----
at = 20000
tailed = align([("t", genome[at:at + 60] + "G" * 90)])
check([(f[3], f[5]) for f, _ in tailed] == [(str(at + 1), "60M90S")], f"tail: {tailed}")
turned = align([("t", reverse(genome[at:at + 60]) + "G" * 90)])
check([(f[3], f[5]) for f, _ in turned] == [(str(at + 1), "90S60M")], f"tail, reversed: {turned}")

# ---- what has no place gets none, or MAPQ 0 ----
nothing = {"g": ("G" * 150, "G" * 150), "c": ("C" * 150, "C" * 150), "dimer": (padded("", ADAPTERS[0]), padded("", ADAPTERS[1])),
           "ca": ("CA" * 75, "TG" * 75), "ac": ("AC" * 75, "AC" * 75), "n": ("N" * 150, "N" * 150)}
for options in ((), ("-x", "diverged")):
    for reads in ([[(n, s[m]) for n, s in nothing.items()] for m in range(2)], [[(n, s[0]) for n, s in nothing.items()], None]):
        for f, _ in align(*reads, *options): check(int(f[1]) & 4 or f[4] == "0", f"{options}: {f[:6]}")
