#!/usr/bin/env python3
"""Copies with the same local score: the read, or one mate of a pair, lies where it fits to its ends; where nothing tells the copies apart, each
has its share."""
from lib import *
import random

rng = random.Random(7)
bases = lambda n: "".join(rng.choices("ACGT", k=n))
other = lambda b: rng.choice([x for x in "ACGT" if x != b])
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))

# Each family: 100 bp of a copy, then its last two bases changed. A read of the first with its last base but one changed has 98 matches on both,
# but only on the first does it go on to its end.
families, genome = [], bases(5000)
for _ in range(40):
    left, right = bases(100), bases(300) # behind both copies, for mates
    fits = len(genome)
    genome += left + right + bases(400)
    clipped = len(genome)
    genome += left[:98] + other(left[98]) + other(left[99]) + right + bases(400)
    changed = next(b for b in "ACGT" if b not in (left[98], genome[clipped + 98]))
    families.append((left[:98] + changed + left[99], fits, turned(right[200:])))
twice = bases(300)
first = len(genome)
genome += twice + bases(3000)
second = len(genome)
genome += twice + bases(3000)
anl = index("ties.anl", write("ties.fa", f">ties\n{genome}\n"))

reads = [(f"f{i}", seq, fits) for i, (seq, fits, _) in enumerate(families)]
reads += [(f"r{i}", turned(seq), fits) for i, (seq, fits, _) in enumerate(families)]
fastq = write("ties.fq", "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s, _ in reads))
for (name, seq, fits), (f, t) in zip(reads, records(run("align", "-v", 1, anl, fastq)[0])):
    check(f[0] == name and int(f[3]) - 1 == fits and f[5] == "100M" and t["NM"] == "1", f"{name} lies at {fits}: {f}")
    check(int(f[4]) <= 3, f"{name}: MAPQ {f[4]} beside a place of the same score")

mates = [write(f"mates_{m + 1}.fq", "".join(f"@p{i}\n{f[2 * m]}\n+\n{'I' * 100}\n" for i, f in enumerate(families))) for m in range(2)]
for i, (f, t) in enumerate(records(run("align", "-v", 1, "-I", "400,20", anl, *mates)[0])):
    fits = families[i // 2][1] + 300 * (i % 2)
    check(int(f[1]) & 2 and int(f[3]) - 1 == fits and f[5] == "100M" and int(f[4]) <= 3, f"mate {i % 2 + 1} of pair {i // 2} lies at {fits}: {f}")

fastq = write("twice.fq", "".join(f"@t{i}\n{twice[i:i + 150]}\n+\n{'I' * 150}\n" for i in range(150)))
starts = [int(f[3]) - 1 - i for i, (f, t) in enumerate(records(run("align", "-v", 1, anl, fastq)[0])) if f[4] == "0" and t["XS"] == t["AS"]]
check(len(starts) == 150 and set(starts) == {first, second}, f"{len(starts)} reads of two equal copies")
check(50 <= starts.count(first) <= 100, f"{starts.count(first)} of 150 on the first of two equal copies")

# Reads that hang over the first base of the genome, where a copy begins.
copy = bases(120)
over = index("over.anl", write("over.fa", f">over\n{copy}{bases(3000)}{copy}{bases(3000)}\n"))
fastq = write("over.fq", "".join(f"@o{i}\n{bases(10 + i)}{copy}\n+\n{'I' * (130 + i)}\n" for i in range(30)))
for i, (f, t) in enumerate(records(run("align", "-v", 1, over, fastq)[0])):
    check(int(f[3]) == 1 or 3112 <= int(f[3]) <= 3121, f"a read over the first base by {10 + i}: {f}")
