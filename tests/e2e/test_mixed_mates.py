#!/usr/bin/env python3
"""Pairs of a long and a short mate, and of two long ones: insert sizes are estimated from them, the short mate lies where the long one says, and
the fields of mates are as those of other pairs."""
import random
from lib import *

rng = random.Random(4)
bases = lambda n: "".join(rng.choices("ACGT", k=n))
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))
twice = bases(1200)
genome = bases(60000) + twice + bases(20000) + twice + bases(20000)
first, second = 60000, 60000 + 1200 + 20000
anl = index("mixed.anl", write("mixed.fa", f">c\n{genome}\n"))

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

def align(pairs, *options):
    """[records of mate 1 and of mate 2] of every pair, in order."""
    files = [fastq(f"{m + 1}.fq", [(n, p[m]) for n, *p in pairs]) for m in range(2)]
    found = {n: [] for n, *_ in pairs}
    for f, t in records(run("align", "-v", 1, *options, anl, *files)[0]): found[f[0]].append((f, t))
    return found

def check_pair(name, found, at, size, lengths):
    """Both mates whole and where they come from, as a proper pair that tells of itself what SAM asks for."""
    (f, t), (g, u) = found
    check(int(f[1]) & 0x43 == 0x43 and int(g[1]) & 0x83 == 0x83, f"{name}: no proper pair: {f[:9]} {g[:9]}")
    check([f[3], g[3]] == [str(at + 1), str(at + size - lengths[1] + 1)] and [f[5], g[5]] == [f"{n}M" for n in lengths], f"{name}: {f[:9]} {g[:9]}")
    check([int(f[8]), int(g[8])] == [size, -size] and f[6:8] == ["=", g[3]] and g[6:8] == ["=", f[3]], f"{name}: {f[:9]} {g[:9]}")
    check([t["MC"], t["MQ"], u["MC"], u["MQ"]] == [g[5], g[4], f[5], f[4]], f"{name}: MC or MQ")

for lengths in ((700, 150), (150, 700), (450, 450), (401, 400)):
    pairs, truth = [], {}
    for i in range(60):
        size, at = round(rng.gauss(1500, 50)), rng.randrange(58000)
        s = genome[at:at + size]
        pairs.append((f"p{i}", s[:lengths[0]], turned(s[-lengths[1]:])))
        truth[f"p{i}"] = at, size
    for i, at in ((0, first - 900), (1, second - 900)):  # the short mate lies in one of two copies, the long one before it
        if lengths == (700, 150):
            pairs.append((f"c{i}", genome[at:at + 700], turned(genome[at + 1350:at + 1500])))
            truth[f"c{i}"] = at, 1500
    found = align(pairs)
    for name, records_of in found.items():
        check(len(records_of) == 2, f"{lengths} {name}: {records_of}")
        check_pair(f"{lengths} {name}", records_of, *truth[name], lengths)
        check(all(int(f[4]) >= 20 for f, _ in records_of), f"{lengths} {name}: MAPQ {[f[4] for f, _ in records_of]}")
    # A short mate that is worn too much to be found alone, beside the long one; -S and -P let it be.
    if lengths != (700, 150): continue
    name, one, two = pairs[0]
    worn = "".join("ACGT"["ACGT".index(c) ^ (k % 7 == 3)] for k, c in enumerate(two))
    beside = align([(name, one, "N" * 60 + worn[60:])] + pairs[1:])[name]
    check(int(beside[1][0][1]) & 0x86 == 0x82, f"a worn mate is not found beside the long one: {beside}")
    check(all(not int(f[1]) & 2 for r in align(pairs, "-P").values() for f, _ in r), "-P pairs long mates")

# An orientation that many of a run's first pairs have, but few of all, is chance: such pairs are not proper, wherever they come.
pairs = []
for i in range(2000):
    at = rng.randrange(58000)
    s, outward = genome[at:at + round(rng.gauss(400, 40))], (i < 250 and i % 8 == 0) or i >= 1980
    one, two = s[:100], turned(s[-100:])
    pairs.append((f"o{i}", turned(one), turned(two)) if outward else (f"i{i}", one, two))
found = align(pairs)
check(not any(int(f[1]) & 2 for n, r in found.items() if n[0] == "o" for f, _ in r), "pairs that point outward are proper")
check(all(int(f[1]) & 2 for n, r in found.items() if n[0] == "i" for f, _ in r), "pairs that point inward are not proper")
