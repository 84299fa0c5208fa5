#!/usr/bin/env python3
"""--mark-duplicates sets flag 0x400 and tag dt where samtools fixmate -m, sort and markdup with their defaults set them."""
import json, random
from lib import *

if not shutil.which("samtools"): skip("no samtools")
MARK = os.path.join(os.path.dirname(ANNEAL), "mark_duplicates")
CONTIGS = {"c1": 6000, "c2": 3000, "c3": 900}

def samtools(*args, input=None):
    p = subprocess.run(["samtools", *map(str, args)], input=input, capture_output=True, timeout=120)
    check(p.returncode == 0, f"samtools {args}: {p.stderr.decode()[-500:]}")
    return p.stdout

def lines(name):
    return samtools("view", "--no-PG", name).decode().splitlines()

def differ(ours, theirs, what):
    check(len(ours) == len(theirs), f"{what}: {len(ours)} records, samtools {len(theirs)}")
    for a, b in zip(ours, theirs): check(a == b, f"{what}:\n{a}\nsamtools:\n{b}")

def counts(stats):
    """(EXCLUDED, PAIRED, ..., ESTIMATED_LIBRARY_SIZE) of markdup's file, as mark_duplicates prints them."""
    s = dict(line.split(": ", 1) for line in open(stats).read().splitlines())
    return [s[k] for k in ("READ", "EXCLUDED", "PAIRED", "SINGLE", "DUPLICATE PAIR", "DUPLICATE SINGLE", "DUPLICATE PAIR OPTICAL", "DUPLICATE SINGLE OPTICAL", "ESTIMATED_LIBRARY_SIZE")]

# ---- random records ----

def cigar(r, length, most_clip):
    """Clips at its ends, insertions and deletions within; reads length bases."""
    left, right = (r.choice((0, 0, r.randint(1, most_clip))) for _ in range(2))
    kinds = r.choice((("S", "S"), ("S", "S"), ("H", "S"))) if most_clip < length // 3 else ("S", "S")
    aligned = max(1, length - left * (kinds[0] == "S") - right)
    ops = [(left, kinds[0])] if left else []
    for _ in range(r.choice((0, 0, 1, 2))):
        if aligned < 12: break
        n, m, op = r.randint(1, aligned - 8), r.randint(1, 4), r.choice("ID")
        ops += [(n, "M"), (m, op)]
        aligned -= n + (m if op == "I" else 0)
    ops += [(aligned, "M")] + ([(right, "S")] if right else [])
    return "".join(f"{n}{op}" for n, op in ops), sum(n for n, op in ops if op in "MIS"), sum(n for n, op in ops if op in "MD"), ops

def name(r, i, style):
    x, y = (r.choice((100, 110, 150, 1000, 1100)) + r.randint(0, 9) for _ in range(2))
    return {"plain": f"r{r.random():.6f}.{i}", "new": f"M:1:F:{r.randint(1, 2)}:{r.choice((11, 110))}:{x}:{y}", "umi": f"M:1:F:1:{r.choice((11, 110))}:{x}:{y}:ACGT",
            "old": f"M:{r.randint(1, 2)}:1:{x}:{y}", "bad": f"M:1:F:1:{r.randint(1, 9999)}:{x}:q"}[style]

def read(r, where, reverse, length, most_clip):
    """A record's contig, POS, CIGAR and bases, with its 5' end at `where`."""
    contig, at = where
    text, bases, span, ops = cigar(r, length, most_clip)
    left = ops[0][0] if ops[0][1] in "SH" else 0
    right = ops[-1][0] if ops[-1][1] in "SH" else 0
    pos = at - span - right + 1 if reverse else at + left
    return (contig, pos, text, bases) if 1 <= pos and pos + span - 1 <= CONTIGS[contig] else None

def random_sam(seed, n, long_clips, styles, groups=("",)):
    """Fragments of which many share both ends or one, as fixmate takes them; every kind of record beside them."""
    r, out, names = random.Random(seed), [], set()
    ends = [(c, r.randint(150, CONTIGS[c] - 150)) for c in r.choices(list(CONTIGS), k=n // 12 + 2)]
    while len(out) < n:
        a, b = r.choice(ends), r.choice(ends)
        q = name(r, len(out), r.choice(styles))
        if q in names: continue
        kind, length = r.choice(("pair",) * 6 + ("single",) * 3 + ("mate unmapped",) * 2 + ("unmapped",)), r.choice((60, 61, 100)) if not long_clips else r.choice((100, 700))
        most = 30 if not long_clips else 2 * length // 3
        strands = r.choice(((0, 1),) * 5 + ((1, 0), (0, 0), (1, 1)))
        group = r.choice(groups)
        extra = (f"\tRG:Z:{group}" if group else "") + r.choice(("", "", "\tXX:i:5"))
        fail = 512 * (r.random() < 0.05)
        lines = []
        def put(flag, where, mate):
            contig, pos, text, bases = where or (mate or ("*", 0))[:2] + ("*", 60)
            if where is None: flag |= 4
            mc, mp = (mate[0], mate[1]) if mate else (contig, pos) if flag & 9 == 9 and where else ("*", 0)
            quals = "*" if r.random() < 0.03 else "".join(r.choice("!/05?I") for _ in range(bases)) if r.random() < 0.5 else r.choice("+5I") * bases
            lines.append(f"{q}\t{flag | fail}\t{contig}\t{pos}\t60\t{text}\t{'=' if mc == contig and mc != '*' else mc}\t{mp}\t0\t{'A' * bases}\t{quals}{extra}")
        one, two = read(r, a, strands[0], length, most), read(r, b, strands[1], length, most)
        if not one or not two: continue
        if kind == "pair":
            put(0x41 | 0x10 * strands[0] | 0x20 * strands[1], one, two)
            put(0x81 | 0x10 * strands[1] | 0x20 * strands[0], two, one)
            if r.random() < 0.1: put(0x841 | 0x10 * strands[1], two, two)
            if r.random() < 0.1: put(0x181 | 0x10 * strands[0], one, one)
        elif kind == "single": put(0x10 * strands[0], one, None)
        elif kind == "mate unmapped":
            put(0x49 | 0x10 * strands[0], one, None)
            put(0x85 | 0x20 * strands[0], None, one)
        else:
            put(0x4d, None, None)
            put(0x8d, None, None)
        names.add(q)
        out += lines
    header = "@HD\tVN:1.6\tSO:unsorted\n" + "".join(f"@SQ\tSN:{c}\tLN:{n}\n" for c, n in CONTIGS.items()) + "".join(
        f"@RG\tID:{g}\tSM:s" + (f"\tLB:{g[0]}" if g[0] != "n" else "") + "\n" for g in groups if g)
    return header + "\n".join(out) + "\n"

def sorted_bam(sam, out):
    samtools("sort", "-o", path(out), "-", input=samtools("fixmate", "-m", "-", "-", input=sam.encode()))
    return path(out)

def compare(bam, distance, what):
    options = ["-d", distance] if distance else []
    samtools("markdup", *options, "-f", path("theirs.txt"), bam, path("theirs.bam"))
    p = subprocess.run([MARK, bam, path("ours.bam"), *([str(distance)] if distance else [])], capture_output=True, text=True, timeout=60)
    check(p.returncode == 0, f"{what}: {p.stderr}")
    theirs = lines(path("theirs.bam"))
    differ(lines(path("ours.bam")), theirs, what)
    check(p.stdout.rstrip("\n").split("\t")[1:] == counts(path("theirs.txt")), f"{what}: counts {p.stdout}, samtools {counts(path('theirs.txt'))}")
    return sum(int(line.split("\t")[1]) & 1024 > 0 for line in theirs), sum("\tdt:Z:SQ" in line for line in theirs)

marked = optical = 0
for seed in range(int(os.environ.get("ANNEAL_SEEDS", 24))):
    styles = (["plain"], ["new"], ["new", "umi", "old"], ["bad"])[seed % 4]  # where only some names hold coordinates, samtools reads memory that it never set
    bam = sorted_bam(random_sam(seed, (60, 400, 1500)[seed // 4 % 3], seed % 5 == 4, styles), "random.bam")
    for distance in (0, 20) if seed % 4 in (0, 3) else (0, 20, 1000):
        found = compare(bam, distance, f"seed {seed}, distance {distance}")
        marked, optical = marked + found[0], optical + found[1]
check(marked > 3000 and optical > 100, f"{marked} marked, {optical} optical: the test is about more")
print(f"random records: {marked} duplicates, {optical} of them optical, as samtools")

# ---- one after another, with libraries: as markdup on each library alone ----

bam = sorted_bam(random_sam(1000, 1500, False, ["new"], ("aa1", "bb1", "aa2", "n1", "n2", "")), "libraries.bam")
for distance in ("0", "50"):
    p = subprocess.run([MARK, bam, path("ours.bam"), distance], capture_output=True, text=True, timeout=60)
    ours = lines(path("ours.bam"))
    of = {"a": ("aa1", "aa2"), "b": ("bb1",), "": ("n1", "n2", None)}
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in p.stdout.splitlines()}
    check(set(rows) == set(of), f"libraries {rows}")
    header = samtools("view", "-H", "--no-PG", bam).decode()
    for library, groups in of.items():
        theirs = [line for line in lines(bam) if next((t[5:] for t in line.split("\t")[11:] if t.startswith("RG:Z:")), None) in groups]
        one = write("one.sam", header + "\n".join(theirs) + "\n")
        samtools("markdup", "-d", distance, "-f", path("theirs.txt"), one, path("theirs.bam"))
        ours_of = [line for line in ours if next((t[5:] for t in line.split("\t")[11:] if t.startswith("RG:Z:")), None) in groups]
        differ(ours_of, lines(path("theirs.bam")), f"library '{library}'")
        check(rows[library] == counts(path("theirs.txt")), f"library '{library}': counts {rows[library]}")

# ---- whole runs ----

def copies(seed):
    """The sample's pairs, of which some come again: with other qualities, cut shorter, from the other strand, or one mate without its other."""
    r = random.Random(seed)
    one, two = (read_gz(f).splitlines() for f in (R1, R2))
    pairs, singles = [], []
    for i in range(0, 4 * 1200, 4):
        a, b = (one[i + 1], one[i + 3]), (two[i + 1], two[i + 3])
        for copy in range(r.choice((1, 1, 2, 3))):
            q = f"M:1:F:1:{r.randint(1101, 1102)}:{r.randint(1, 400)}:{len(pairs) + len(singles)}"
            x, y = ((s, t if r.random() < 0.5 else "".join(r.choice("#5FI") for _ in t)) for s, t in (a, b))
            if r.random() < 0.2: x = (x[0][:-20], x[1][:-20])
            if r.random() < 0.2: y = ((junk := r.choice(("GATTACA", "TTGGCCAACGTAGCCT"))) + y[0][len(junk):], y[1])
            if r.random() < 0.2: x, y = y, x
            kind = r.random()
            if kind < 0.1: singles.append((q, x))
            elif kind < 0.2: pairs.append((q, x, ("ACGTTGCA" * 12, "I" * 96)))
            else: pairs.append((q, x, y))
    r.shuffle(pairs)
    fq = lambda records: "".join(f"@{q}\n{s}\n+\n{t}\n" for q, (s, t) in records)
    return write("p1.fq", fq([(q, x) for q, x, _ in pairs])), write("p2.fq", fq([(q, y) for q, _, y in pairs])), write("single.fq", fq(singles + [(q + "0", x) for q, x, _ in pairs]))

anl = index()
p1, p2, single = copies(5)
tags = ("--optical-distance", 100)
for reads in ((p1, p2), (single,)):
    for more in ((), ("-M",), ("-a",), tags):
        plain = more if more != tags else ()
        run("align", "-v1", "--sort", *plain, "-o", path("sorted.bam"), anl, *reads)
        samtools("markdup", *(("-d", "100") if more == tags else ()), "-f", path("theirs.txt"), path("sorted.bam"), path("theirs.bam"))
        run("align", "-v1", "--sort", "--mark-duplicates", *more, "--duplicate-stats", path("ours.txt"), "-o", path("ours.bam"), anl, *reads)
        differ(lines(path("ours.bam")), lines(path("theirs.bam")), f"{more} {len(reads)} files")
        check(open(path("ours.txt")).read().split("\n", 1)[1] == open(path("theirs.txt")).read().split("\n", 1)[1], f"{more}: the files of counts differ")
    sam = run("align", "-v1", anl, *reads)[0]
    samtools("markdup", "-d", "100", sorted_bam(sam, "piped.bam"), path("theirs.bam"))
    flags = lambda name: sorted(((f[0], int(f[1])), f[2:6], t.get("dt")) for f, t in records(samtools("view", name).decode()))
    check(flags(path("ours.bam")) == flags(path("theirs.bam")), "not the flags of the whole pipe")
n = sum(int(line.split("\t")[1]) & 1024 > 0 for line in lines(path("theirs.bam")))
check(n > 200, f"{n} duplicates of single reads")

# ---- the same bytes however it is run; what is told ----

def mark(*options, out="m.bam"):
    said = run("align", "--sort", "--mark-duplicates", *tags, *options, "-o", path(out), anl, p1, p2)[1]
    return lines(path(out)), said

want, said = mark("--summary", path("m.json"), "--duplicate-stats", path("m.txt"))
for options in (("-t", 2), ("-t", 3, "--sort-memory", "1M"), ("--sort-memory", "1M")):
    check(mark(*options)[0] == want, f"{options}: other records")
check(mark(out="m.cram")[0] and sum(int(line.split("\t")[1]) & 1024 > 0 for line in lines(path("m.cram"))) == sum(int(line.split("\t")[1]) & 1024 > 0 for line in want), "CRAM")
told = json.load(open(path("m.json")))["duplicates"]
stats = counts(path("m.txt"))
check(len(told) == 1 and [str(told[0][k]) for k in ("excluded", "paired", "single", "pair_duplicates", "single_duplicates", "pair_optical", "single_optical", "estimated_size")] == stats[1:], f"{told} {stats}")
total = told[0]["pair_duplicates"] + told[0]["single_duplicates"]
check(f"{total} of {told[0]['paired'] + told[0]['single']} mapped reads are duplicates" in said and f", {told[0]['pair_optical'] + told[0]['single_optical']} of them optical" in said, said)
run("align", "-v1", "--sort", "-o", path("s.bam"), "--summary", path("s.json"), anl, p1, p2)
check(json.load(open(path("s.json")))["duplicates"] is None and not any(int(line.split("\t")[1]) & 1024 for line in lines(path("s.bam"))), "marked without being asked")
check("reads hold no coordinates" in run("align", "--sort", "--mark-duplicates", *tags, "-o", path("x.bam"), anl, *subset(500))[1], "names without coordinates are not told")
refused("align", "--mark-duplicates", "-o", path("x.sam"), anl, p1, says="--mark-duplicates: is done while records are sorted; add --sort", status=2)
refused("align", "--sort", *tags, "-o", path("x.sam"), anl, p1, says="add --mark-duplicates", status=2)
refused("align", "--sort", "--duplicate-stats", path("x"), "-o", path("x.sam"), anl, p1, says="--duplicate-stats", status=2)
refused("align", "--sort", "--mark-duplicates", "--duplicate-stats", p1, "-o", path("x.sam"), anl, p1, says="is an input and would be written over", status=2)

# ---- libraries of a run's input ----

half = lines(path("s.bam"))
groups = [line + f"\tRG:Z:{'xy'[int(line.split(':')[4]) % 2]}" for line in half]
header = samtools("view", "-H", "--no-PG", path("s.bam")).decode().replace("SO:coordinate", "SO:unknown") + "@RG\tID:x\tLB:one\n@RG\tID:y\tLB:two\n"
ubam = samtools("collate", "-O", "-", path("collate"), input=(header + "\n".join(groups) + "\n").encode())
mixed = path("mixed.bam")
open(mixed, "wb").write(ubam)
run("align", "-v1", "--sort", "--mark-duplicates", "--summary", path("l.json"), "--duplicate-stats", path("l.txt"), "-o", path("l.bam"), anl, mixed)
told = {c["library"]: c for c in json.load(open(path("l.json")))["duplicates"]}
check(set(told) == {"", "one", "two"} and told["one"]["pair_duplicates"] > 100 and told["two"]["pair_duplicates"] > 100 and not told[""]["paired"], told)
check([line for line in open(path("l.txt")).read().splitlines() if line.startswith("LIBRARY")] == ["LIBRARY: one", "LIBRARY: two"], "libraries in the file of counts")
for group in "xy":
    run("align", "-v1", "--sort", "-o", path("whole.bam"), anl, mixed)
    samtools("view", "-r", group, "-o", path("part.bam"), path("whole.bam"))
    samtools("markdup", path("part.bam"), path("theirs.bam"))
    differ([line for line in lines(path("l.bam")) if f"\tRG:Z:{group}" in line], lines(path("theirs.bam")), f"read group {group}")
