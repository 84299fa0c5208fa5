#!/usr/bin/env python3
"""-x diverged: reads that differ from the reference in 15 to 25% of their bases are found, those that do not stay where they are."""
import json, random
from lib import *

rng = random.Random(int(os.environ.get("ANNEAL_SEED", 1)))
anl = index()
genome, starts = "", {}
for contig in read_gz(GENOME).upper().split(">")[1:]:
    starts[contig.split()[0].lower()] = len(genome)
    genome += "".join(contig.splitlines()[1:])
CHANGED = {b: "ACGT".replace(b, "") for b in "ACGT"}

def reverse(s):
    return s.translate(str.maketrans("ACGT", "TGCA"))[::-1]

def spoil(s, share, indels):
    out = []
    for base in s:
        u = rng.random()
        if u < indels / 2: continue
        if u < indels: out.append(rng.choice("ACGT"))
        out.append(rng.choice(CHANGED[base]) if rng.random() < share else base)
    return "".join(out)

def pairs(name, n, share, indels):
    """Files of n pairs of 150 bp, inserts of 300 to 500; names say where both ends lie."""
    mates = [[], []]
    while len(mates[0]) < n:
        size = rng.randrange(300, 500)
        at = rng.randrange(len(genome) - size)
        if "N" in genome[at:at + size] or any(at < s < at + size for s in starts.values()): continue
        ends = [spoil(genome[at:at + 170], share, indels)[:150], reverse(spoil(genome[at + size - 150:at + size], share, indels))]
        if rng.random() < 0.5: ends.reverse()
        for m in range(2): mates[m].append(f"@r{len(mates[m])}.{at}.{at + size}\n{ends[m]}\n+\n{'I' * len(ends[m])}\n")
    return [write(f"{name}_{m + 1}.fq", "".join(mates[m])) for m in range(2)]

def judge(sam):
    """Reads right; wrong at MAPQ 20 and more."""
    right = wrong = 0
    for f, _ in records(sam):
        flag = int(f[1])
        if flag & 0x904: continue
        at, (low, high) = starts[f[2]] + int(f[3]), map(int, f[0].split(".")[1:])
        ok = low - 30 <= at < low + 120 or high - 180 <= at < high - 30  # clips move the start
        right += ok
        wrong += not ok and int(f[4]) >= 20
    return right, wrong

N = 150
for share, indels, least, most in ((0, 0, 0.97, 0), (0.15, 0.03, 0.97, 1), (0.20, 0.03, 0.96, 2), (0.25, 0.03, 0.87, 6)):  # copies differ by 10%
    reads = pairs(f"d{share}", N, share, indels)
    sam = run("align", "-x", "diverged", anl, *reads)[0]
    plain_sam, said = run("align", anl, *reads)
    plain = judge(plain_sam)
    told = [line for line in said.splitlines() if "-x diverged is made for such reads" in line]
    check(len(told) == (share == 0.15), f"{share}: {said}")  # at 20% the default places too few to tell
    check("made for such" not in run("align", "-x", "diverged", anl, *reads)[1], "told what is known")
    right, wrong = judge(sam)
    print(share, right / (2 * N), wrong, "default", plain[0] / (2 * N))
    check(right >= least * 2 * N and wrong <= most, f"{share}: {right} of {2 * N} right, {wrong} wrong")
    check(right >= plain[0] - 1, f"{share}: {right} right, by default {plain[0]}")
    check(share < 0.20 or plain[0] < 0.8 * right, f"{share}: not needed: {plain[0]} right by default")
    if share == 0.20:
        for options in (("-t", 3), ("--search", "faiss"), ("-K", "7000")):
            other = run("align", "-x", "diverged", *options, anl, *reads)[0]
            if "-K" not in options: check(body(other) == body(sam), f"{options}: not the same")
            check(judge(other)[0] >= least * 2 * N, f"{options}: too few")
        for level in (LEVELS[0], LEVELS[-1]):
            check(body(run("align", "-x", "diverged", anl, *reads, env={"ANNEAL_KERNELS": level})[0]) == body(sam), f"{level}: not the same")
        alone = judge(run("align", "-x", "diverged", anl, reads[0])[0])
        check(alone[0] >= 0.9 * N and alone[1] <= 1, f"single reads: {alone}")

# Pairs of another genome that come first tell no insert sizes: more are looked at, and what comes after finds its mates by them.
nowhere = "".join(f"@n{i}\n{''.join(rng.choices('ACGT', k=150))}\n+\n{'I' * 150}\n" for i in range(300))
late = [write(f"late_{m + 1}.fq", nowhere + open(r).read()) for m, r in enumerate(pairs("late", N, 0.01, 0))]
run("align", "--summary", path("late.json"), anl, *late)
told = json.load(open(path("late.json")))["search"]
check(told["proven_beside_mate"] >= N // 2, f"no mates are looked for: {told}")

# What belongs nowhere is not placed with any confidence.
foreign = write("foreign.fq", "".join(f"@f{i}\n{''.join(rng.choice('ACGT') for _ in range(150))}\n+\n{'I' * 150}\n" for i in range(200)))
sure = [f for f, _ in records(run("align", "-x", "diverged", anl, foreign)[0]) if int(f[4]) >= 10]
check(not sure, f"random reads placed: {sure[:2]}")

# Where differences cost little, chance gives a third of the best score: it is no reason not to look wider, and loses no read.
rng = random.Random(7)
wide = "".join(rng.choices("ACGT", k=2000000))
wide_anl = index("wide.anl", write("wide.fa", f">w\n{wide}\n"))
reads, at = [], {}
for i in range(300):
    begin = rng.randrange(len(wide) - 200)
    s = "".join(rng.choice("ACGT".replace(b, "")) if rng.random() < 0.1 else b for b in wide[begin:begin + 180])
    first, second = rng.randint(40, 60), rng.randint(80, 100)
    s = s[:first] + s[first + 7:second] + s[second + 7:164]
    reads.append(f"@r{i}\n{s}\n+\n{'I' * len(s)}\n")
    at[f"r{i}"] = begin + 1
reads = write("wide.fq", "".join(reads))
for options in (("-B", 0), ("-A", 5, "-B", 1, "-O", 1)):
    found = sum(abs(int(f[3]) - at[f[0]]) < 200 for f, _ in records(run("align", *options, wide_anl, reads)[0]))
    every = sum(abs(int(f[3]) - at[f[0]]) < 200 for f, _ in records(run("align", *options, "--exhaustive", wide_anl, reads)[0]))
    check(found == every, f"{options}: {found} of {every} reads found in all lists")

# Nor is a place that explains the first part of a read, where the rest fits better elsewhere: the mate's neighbourhood has a small part of these.
first, second = [], []
for i in range(500):
    near, far = (rng.randrange(len(wide) - 500) for _ in range(2))
    s = "".join(rng.choice("ACGT") if rng.random() < 0.04 else b for b in wide[near:near + 50] + wide[far:far + 100])
    mate = wide[near + 250:near + 400][::-1].translate(str.maketrans("ACGT", "TGCA"))
    for out, bases in ((first, s), (second, mate)): out.append(f"@c{i}\n{bases}\n+\n{'I' * 150}\n")
pairs = write("first.fq", "".join(first)), write("second.fq", "".join(second))
scores = [[int(t["AS"]) for f, t in records(run("align", "-I", "400,50", *options, wide_anl, *pairs)[0]) if not int(f[1]) & 0x900]
          for options in ((), ("--exhaustive",))]
less = sum(a < b for a, b in zip(*scores))
check(less == 0, f"{less} reads of two parts have the worse one as primary record")
