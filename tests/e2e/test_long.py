#!/usr/bin/env python3
"""Long reads simulated from the sample genome: back at their place, pieces of rearranged ones with SA, tags that fit, any number of threads."""
import random, re
from lib import *

random.seed(7)
anl = index()
contigs = {c.split(" ")[0].split("\n")[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
name, genome = max(contigs.items(), key=lambda item: len(item[1]))

def flip(s):
    return s[::-1].translate(str.maketrans("ACGTN", "TGCAN"))

def noisy(s, rate):
    out = []
    for c in s:
        kind = random.randrange(3) if random.random() < rate else 9
        if kind == 0: continue
        if kind == 1: out.append(random.choice("ACGT"))
        out.append(random.choice("ACGT") if kind == 2 else c)
    return "".join(out)

def piece(begin, length, rate):
    return noisy(genome[begin:begin + length], rate)

def check_record(f, t):
    """NM and MD from SEQ, CIGAR and the reference."""
    ops = [(int(n), o) for n, o in re.findall(r"(\d+)([MIDSH])", f[5])]
    ref, q, r, nm, md, equal = contigs[f[2]], 0, int(f[3]) - 1, 0, "", 0
    check(f[9] == "*" or sum(n for n, o in ops if o in "MIS") == len(f[9]), f"{f[0]}: CIGAR does not fit SEQ")
    if f[9] == "*": return
    for n, o in ops:
        if o == "H": continue
        if o == "S": q += n
        elif o == "I": q += n; nm += n
        elif o == "D": md += f"{equal}^{ref[r:r + n]}"; equal = 0; r += n; nm += n
        else:
            for a, b in zip(f[9][q:q + n], ref[r:r + n]):
                if a == b != "N": equal += 1
                else: md += f"{equal}{b}"; equal = 0; nm += 1
            q += n; r += n
    check((str(nm), md + str(equal)) == (t["NM"], t["MD"]), f"{f[0]}: NM or MD")

def span(f):
    return int(f[3]) - 1, int(f[3]) - 1 + sum(int(n) for n, o in re.findall(r"(\d+)([MIDSH])", f[5]) if o in "MD")

def align(reads, *options, quality=False):
    text = "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" if quality else f">{n}\n{s}\n" for n, s in reads.items())
    return run("align", *options, anl, write("long.fq" if quality else "long.fa", text))[0]

# Places: three error rates, lengths from just above the limit, both strands.
reads, truth = {}, {}
for i in range(120):
    length, begin = random.choice([401, 700, 2000, 6000]), random.randrange(len(genome) - 6000)
    sequence = piece(begin, length, [0.002, 0.05, 0.12][i % 3])
    if len(sequence) <= 400: continue
    reads[f"r{i}"], truth[f"r{i}"] = (flip(sequence) if i % 2 else sequence), (begin, begin + length, i % 2)
for quality in (False, True):
    seen = list(records(align(reads, quality=quality)))
    primary = [(f, t) for f, t in seen if not int(f[1]) & 0x900]
    check(len(primary) == len(reads), f"{len(primary)} primary records of {len(reads)} reads")
    right = 0
    for f, t in seen:
        if int(f[1]) & 4: continue
        check_record(f, t)
        check((f[10] == "*") == (not quality or f[9] == "*"), f"{f[0]}: QUAL")
    for f, t in primary:
        begin, end, reverse = truth[f[0]]
        hit = not int(f[1]) & 4 and f[2] == name and bool(int(f[1]) & 16) == bool(reverse) and abs(span(f)[0] - begin) < 60 and abs(span(f)[1] - end) < 60
        check(hit or int(f[4]) < 20, f"{f[0]}: wrong at MAPQ {f[4]}, truth {truth[f[0]]}, {f[:5]}")
        right += hit
    check(right >= len(reads) * 0.97, f"{right} of {len(reads)} at their place")

# Rearrangements.
odd = {
    "inversion": piece(10000, 3000, 0.03) + flip(piece(13000, 1500, 0.03)) + piece(14500, 3000, 0.03),
    "small": piece(30000, 3000, 0.01) + flip(genome[33000:33300]) + piece(33300, 3000, 0.01),
    "chimera": piece(40000, 2500, 0.05) + flip(piece(60000, 2000, 0.05)),
    "deletion": piece(50000, 3000, 0.03) + piece(55000, 3000, 0.03),
    "random": "".join(random.choice("ACGT") for _ in range(5000)),
    "homopolymer": "A" * 3000,
    "unknown": "N" * 1000,
}
parts = {}
for f, t in records(align(odd)):
    if not int(f[1]) & 4: check_record(f, t)
    parts.setdefault(f[0], []).append((f, t))
for read, expected in {"inversion": [(10000, 13000, 0), (13000, 14500, 1), (14500, 17500, 0)], "small": [(30000, 33000, 0), (33000, 33300, 1), (33300, 36300, 0)],
                       "chimera": [(40000, 42500, 0), (60000, 62000, 1)], "deletion": [(50000, 58000, 0)]}.items():
    found = sorted((*span(f), int(f[1]) >> 4 & 1) for f, _ in parts[read])
    check(len(found) == len(expected) and all(abs(a - x) < 40 and abs(b - y) < 40 and r == s for (a, b, r), (x, y, s) in zip(found, sorted(expected))),
          f"{read}: {found}, expected {expected}")
    check(sum(not int(f[1]) & 0x800 for f, _ in parts[read]) == 1, f"{read}: not one primary record")
    for f, t in parts[read]:
        check(("SA" in t) == (len(expected) > 1), f"{read}: SA")
        check(("H" in f[5]) <= bool(int(f[1]) & 0x800), f"{read}: hard clips of a primary record")
        if len(expected) == 1: continue
        others = {(g[2], g[3], "-" if int(g[1]) & 16 else "+", g[5].replace("H", "S"), g[4], u["NM"]) for g, u in parts[read] if g is not f}
        check({tuple(x.split(",")) for x in t["SA"].rstrip(";").split(";")} == others, f"{read}: SA {t['SA'][:200]}")
for read in ("random", "homopolymer", "unknown"):
    check(len(parts[read]) == 1 and int(parts[read][0][0][1]) & 4, f"{read}: mapped")

# The same for any number of threads, kernel level and search path; scores by preset.
everything = {**reads, **odd}
expected = body(align(everything))
for options, env in ([("-t", 3), {}], [("--search", "faiss"), {}], *([(), {"ANNEAL_KERNELS": level}] for level in LEVELS)):
    check(body(run("align", *options, anl, path("long.fa"), env=env)[0]) == expected, f"{options} {env}: another result")
check(run("align", "--preset", "list")[0].split()[:3] == ["sr", "hifi", "ont"], "--preset list")
scores = {preset: {f[0]: int(t["AS"]) for f, t in records(align({"r0": genome[1000:2000]}, "-x", preset))}["r0"] for preset in ("sr", "hifi", "ont")}
check(scores == {"sr": 1000, "hifi": 1000, "ont": 2000}, f"scores {scores}")
check("AS:i:3000" in align({"r0": genome[1000:2000]}, "-A", "3", "-x", "hifi"), "-A does not go before the preset")
odd = {"r0": genome[1000:2000], "r1": genome[1000:1600] + "".join(random.choices("ACGT", k=600)), "r2": "".join(random.choices("ACGT", k=700))}
check(body(align(odd, "-T", "0")) == body(align(odd, "-T", "1")), "-T 0 is not -T 1")
