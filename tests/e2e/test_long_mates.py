#!/usr/bin/env python3
"""Pairs of long mates: aligned whole, as pairs, and at the cost of single reads of the same length (CPU time, not that of the clock)."""
import random, resource
from lib import *

rng = random.Random(2)
genome = "".join(rng.choices("ACGT", k=200000))
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))
anl = index("mates.anl", write("mates.fa", f">c\n{genome}\n"))

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

def cpu(*args):
    """CPU seconds of a run, and what it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = run("align", "-v", 1, *args)[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out

def worn(s, rate):
    return "".join(rng.choice("ACGT") if rng.random() < rate else c for c in s if rng.random() >= rate / 2)

def pairs(length, n, rate=0):
    """Two files of mates, and one with both, whose names tell where each pair begins; the inserts are a fifth longer than a mate."""
    size = length * 6 // 5
    at = [rng.randrange(len(genome) - size) for _ in range(n)]
    one = [(f"p{a}", worn(genome[a:a + length], rate)) for a in at]
    two = [(f"p{a}", worn(turned(genome[a + size - length:a + size]), rate)) for a in at]
    return fastq("1.fq", one), fastq("2.fq", two), fastq("all.fq", [(n + m, s) for m, reads in (("a", one), ("b", two)) for n, s in reads])

for length in (900, 1100, 2500):
    one, two, _ = pairs(length, 12)
    out = list(records(run("align", "-v", 1, "-I", f"{length * 6 // 5},100", anl, one, two)[0]))
    check(len(out) == 24, f"mates of {length} bp: {len(out)} records")
    for i, (f, t) in enumerate(out):
        at = int(f[0][1:]) + (length // 5 if i % 2 else 0)
        check(int(f[3]) - 1 == at and f[5] == f"{length}M" and int(f[1]) & 2 and t["NM"] == "0" and abs(int(f[8])) == length * 6 // 5, f"a mate of {length} bp: {f[:9]}")

one, two, both = pairs(8000, 2, 0.02)
startup = min(cpu(anl, fastq("none.fq", []))[0] for _ in range(2))
single = min(cpu(anl, both)[0] for _ in range(2)) - startup
paired = cpu("-I", "9600,300", anl, one, two)[0] - startup
check(paired < 10 * max(single, 0.05), f"two pairs of 8 kb take {paired:.2f} s of CPU time, the same reads alone {single:.2f} s")
