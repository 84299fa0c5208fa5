#!/usr/bin/env python3
"""Reads of a tandem array, with hundreds of places each, of which only those are scored that matter: the best one is among them, and MAPQ is as
sure as where all are scored (-a)."""
import random
from lib import *

UNIT, COPIES, READ, PAIRS = 180, 500, 150, 200
rng = random.Random(4)

def changed(s, rate):
    return "".join(rng.choice([b for b in "ACGT" if b != c]) if rng.random() < rate else c for c in s)

def turned(s):
    return s[::-1].translate(str.maketrans("ACGT", "TGCA"))

bases = lambda n: "".join(rng.choices("ACGT", k=n))
unit = bases(UNIT)
array = "".join(changed(unit, 0.04) for _ in range(COPIES))
genome = bases(30000) + array + bases(30000)
anl = index("array.anl", write("array.fa", f">c\n{genome}\n"))
mates, truth = [[], []], []
for i in range(PAIRS):
    size = rng.randint(250, 450)
    at = 30000 + rng.randrange(len(array) - size)
    fragment = genome[at:at + size]
    for m, s in enumerate((fragment[:READ], turned(fragment)[:READ])):
        mates[m].append(changed(s, 0.003))
        truth.append((at if not m else at + size - READ, READ - 5 * sum(a != b for a, b in zip(s, mates[m][-1]))))
files = [write(f"array_{m + 1}.fq", "".join(f"@r{i}\n{s}\n+\n{'I' * READ}\n" for i, s in enumerate(reads))) for m, reads in enumerate(mates)]

def judge(*options):
    """Reads with a MAPQ of 20 and more; every read has what its true place scores, and those lie there."""
    sure = 0
    primary = [(f, tags) for f, tags in records(run("align", "-v", 1, *options, anl, *files)[0]) if not int(f[1]) & 0x900]
    check(len(primary) == 2 * PAIRS, f"{options}: {len(primary)} of {2 * PAIRS} reads")
    for (f, tags), (at, score) in zip(primary, truth):
        check(int(tags["AS"]) >= score or int(f[1]) & 2, f"{options}: a place that scores {score} was passed over: {f} {tags}")
        if int(f[4]) < 20: continue
        sure += 1
        check(abs(int(f[3]) - 1 - at) < READ, f"{options}: MAPQ {f[4]} at a wrong place, {at + 1} wanted: {f} {tags}")
    return sure

few, every = judge(), judge("-a")
check(PAIRS <= every <= few + 8, f"{few} of {2 * PAIRS} reads have a MAPQ of 20 and more, with -a {every}")

def memory(*reads):
    """KiB that aligning them took at most."""
    p = subprocess.Popen([ANNEAL, "align", "-v1", "-t1", "--device", "cpu", "-o", path("array.sam"), anl, *reads])
    _, status, usage = os.wait4(p.pid, 0)
    check(status == 0, f"status {status}")
    return usage.ru_maxrss

# three times as much where all places are scored together and kept
grown = memory(*files) - memory(*(write(f"few_{m}.fq", "".join(open(f).readlines()[:40])) for m, f in enumerate(files)))
if "asan" not in ANNEAL and "tsan" not in ANNEAL: check(grown < 10 << 10, f"{2 * PAIRS} reads take {grown >> 10} MiB")
