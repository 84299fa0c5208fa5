#!/usr/bin/env python3
"""Short reads across breakpoints become a primary and a supplementary record; a weak mate stays beside a good one."""
from lib import *
import random, re

contigs = {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
chr1, chr2 = contigs["chr1"], contigs["chr2"]
anl = index()

def turned(s):
    return s[::-1].translate(str.maketrans("ACGT", "TGCA"))

def fastq(name, *reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

def clips(cigar):
    return [(int(n), op) for n, op in re.findall(r"(\d+)([SH])", cigar)]

# name: read, then (contig, first base, strand, bases of the read) of its longer part and of its shorter one
cases = {
    "translocation": (chr1[70000:70090] + chr2[40000:40060], ("chr1", 70000, "+", (0, 90)), ("chr2", 40000, "+", (90, 150))),
    "inversion": (chr1[70000:70100] + turned(chr1[72000:72050]), ("chr1", 70000, "+", (0, 100)), ("chr1", 72000, "-", (100, 150))),
    "deletion": (chr1[70000:70110] + chr1[73000:73040], ("chr1", 70000, "+", (0, 110)), ("chr1", 73000, "+", (110, 150))),
    "short": (chr1[80000:80024] + chr2[45000:45126], ("chr2", 45000, "+", (24, 150)), ("chr1", 80000, "+", (0, 24))),
}
cases["halves"] = (chr1[70000:70075] + chr2[40000:40075], ("chr1", 70000, "+", (0, 75)), ("chr2", 40000, "+", (75, 150)))
cases["turned"] = (turned(cases["translocation"][0]), ("chr1", 70000, "-", (60, 150)), ("chr2", 40000, "-", (0, 60)))
reads = fastq("split.fq", *((n, c[0]) for n, c in cases.items()), ("whole", chr1[75000:75150]))

def by_name(*options):
    found = {}
    for f, tags in records(run("align", "-v", 1, *options, anl, reads)[0]): found.setdefault(f[0], []).append((f, tags))
    return found

found, soft, marked, strict, everything = by_name(), by_name("-Y"), by_name("-M"), by_name("-T", 30), by_name("-a")
check(len(found["whole"]) == 1 and "SA" not in found["whole"][0][1], "a read that is not split")
for name, (seq, *parts) in cases.items():
    check(len(found[name]) == 2, f"{name}: {found[name]}")
    if name == "halves" and found[name][0][0][2] == "chr2": parts.reverse()  # neither is longer
    # The parts are no alternatives to each other.
    check(all(int(f[4]) >= 30 and int(t["XS"]) < 30 and "XA" not in t for f, t in found[name]), f"{name}: a rival: {found[name]}")
    check([f for f, _ in everything[name]] == [f for f, _ in found[name]], f"{name}: -a: {everything[name]}")
    for i, (contig, pos, strand, (begin, end)) in enumerate(parts):
        f, tags = found[name][i]
        other = found[name][1 - i][0]
        # Bases that both places share may go to either part.
        check(f[2] == contig and bool(int(f[1]) & 16) == (strand == "-") and bool(int(f[1]) & 2048) == bool(i), f"{name}, part {i}: {f}")
        slack = 6
        check(abs(int(f[3]) - 1 - pos) <= slack and sum(n for n, _ in clips(f[5])) in range(150 - (end - begin) - slack, 150 - (end - begin) + slack + 1),
              f"{name}, part {i}: {f}")
        check({op for _, op in clips(f[5])} == {"H" if i else "S"}, f"{name}, part {i}: clips of {f[5]}")
        sa = tags["SA"].rstrip(";").split(",")
        check(sa[:3] == [other[2], other[3], "-" if int(other[1]) & 16 else "+"] and sa[3] == other[5].replace("H", "S") and sa[4] == other[4],
              f"{name}, part {i}: SA {sa} of {other}")
        whole = turned(seq) if strand == "-" else seq
        hard = re.match(r"(\d+)H", f[5])
        begins = int(hard[1]) if hard else 0
        check(f[9] == whole[begins:begins + len(f[9])] and (len(f[9]) == 150) == (i == 0), f"{name}, part {i}: SEQ")
    check(soft[name][1][0][9] == (turned(seq) if int(soft[name][1][0][1]) & 16 else seq) and "H" not in soft[name][1][0][5], f"{name}: -Y")
    check([int(f[1]) & 0x900 for f, _ in marked[name]] == [0, 0x100], f"{name}: -M")
check(len(strict["short"]) == 1 and len(strict["translocation"]) == 2, "-T holds for parts, too")

# Three segments: each is judged by its own bases, whichever of them is found first, and the best one is primary.
rng = random.Random(8)
def anywhere(n):
    contig = rng.choice((chr1, chr2))
    at = rng.randrange(len(contig) - n)
    return rng.choice((str, turned))(contig[at:at + n])
three = fastq("three.fq", *((f"s{i}", anywhere(64) + anywhere(60) + anywhere(60)) for i in range(100)))
for options in ((), ("-a",)):
    parts = {}
    for f, t in records(run("align", "-v", 1, *options, anl, three)[0]):
        if not int(f[1]) & 0x100: parts.setdefault(f[0], []).append((f, t))
    found = [r for p in parts.values() if len(p) == 3 for r in p]
    check(len(found) >= 288, f"three segments {options}: {len(found)} records of reads with three")
    low = [f[:6] for f, t in found if int(f[4]) < 10 or "XA" in t]
    check(len(low) <= 10, f"three segments {options}: {len(low)} of {len(found)} with competing places: {low[:2]}")
    check(all(max(int(t["AS"]) for _, t in p) == int(p[0][1]["AS"]) for p in parts.values()), f"three segments {options}: a primary record that is not the best")

# A mate with so many differences that it scores less than -T stays in its proper pair, and is unmapped on its own.
rng = random.Random(4)
mates = [(chr1[at:at + 150], turned(chr1[at + 250:at + 400])) for at in range(75000, 87000, 300)]
weak = list(mates[5][1])
for i in range(150):
    if i not in range(60, 86) and i % 5 == 3: weak[i] = rng.choice([b for b in "ACGT" if b != weak[i]])
one = fastq("1.fq", *((f"p{i}", a) for i, (a, _) in enumerate(mates)))
two = fastq("2.fq", *((f"p{i}", "".join(weak) if i == 5 else b) for i, (_, b) in enumerate(mates)))
pair = [(f, t) for f, t in records(run("align", "-v", 1, anl, one, two)[0]) if f[0] == "p5" and int(f[1]) & 128]
check(int(pair[0][0][1]) & 2 and 19 <= int(pair[0][1]["AS"]) < 30, f"a weak mate: {pair}")
alone = [f for f, _ in records(run("align", "-v", 1, anl, two)[0]) if f[0] == "p5"]
check(int(alone[0][1]) & 4, f"the same on its own: {alone}")
