#!/usr/bin/env python3
"""simulate-splits tells the truth about the reads it makes, and score-splits counts what it should."""
from lib import *

fasta = write("genome.fa", read_gz(GENOME))
contigs = {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
LENGTH, N = 150, 400

def benchmark(name, *args):
    p = subprocess.run([sys.executable, os.path.join(SOURCE, "benchmarks", name), *map(str, args)], capture_output=True, text=True)
    check(p.returncode == 0, f"{name} {args}: {p.stderr}")
    return p.stdout

def turned(s):
    return s[::-1].translate(str.maketrans("ACGT", "TGCA"))

def side(contig, pos, strand, n):
    """The n bases of a read before the breakpoint, in the direction of the read that runs into it."""
    return contigs[contig][pos - n:pos] if strand == "+" else turned(contigs[contig][pos:pos + n])

def matches(a, b):
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b)) <= 6

def piece(contig, pos, strand, n, first):
    """SAM's strand, POS and CIGAR of the part of a read at one breakpoint; `first`: the read begins with it."""
    clip = f"{LENGTH - n}S"
    return "+-"[(strand == "+") != first], (pos - n if strand == "+" else pos) + 1, f"{n}M{clip}" if strand == "+" else f"{clip}{n}M"

for pairs in (False, True):
    out = path(f"splits{pairs}")
    benchmark("simulate-splits", "--reads", N, "--variants", 2, *["--pairs"] * pairs, fasta, out)
    reads = {}
    for name in ("1.fq", "2.fq") if pairs else ("reads.fq",):
        lines = open(os.path.join(out, name)).read().splitlines()
        reads.update((lines[i][1:], lines[i + 1]) for i in range(0, len(lines), 4))
    rows = [line.split("\t") for line in open(os.path.join(out, "truth.tsv")).read().splitlines()[1:]]
    check(sorted(r[0] for r in rows) == sorted(reads) and len(rows) == 2 * N * (1 + pairs), "a row for each read")
    crossing = [r for r in rows if len(r) > 2]
    check(len(crossing) >= N - 20 and {r[1] for r in crossing} == {"deletion", "inversion", "translocation"}, "types")
    check(sum(r[1] == "none" for r in rows) >= N * (1 + pairs), "reads that cross nothing")
    sam, moved, whole = [], [], []
    for row in rows:
        mate = {"/1": 65, "/2": 129}.get(row[0][-2:], 0)
        name, seq, blank = row[0].split("/")[0], reads[row[0]], "\t60\t{}\t*\t0\t0\t*\t*"
        if len(row) == 2:
            sam.append(f"{name}\t{mate}\tchr1\t1000" + blank.format("150M"))
            moved.append(sam[-1]), whole.append(sam[-1])
            continue
        _, kind, size, shorter, *rest = row
        a, b = [(c, int(p), s, int(low), int(high)) for c, p, s, low, high in (rest[:5], rest[5:])]
        check(a[3] <= a[1] <= a[4] and b[3] <= b[1] <= b[4] and a[4] - a[3] == b[4] - b[3], f"{row}: range")
        def arranged(shift):
            """The ways in which the read is one side of the breakpoint and then the other, moved by `shift` from its first one on."""
            pa, pb = a[1] + (shift if a[2] == "+" else -shift), b[1] + (-shift if b[2] == "+" else shift)
            return [(n, first) for n in (int(shorter) + shift, LENGTH - int(shorter) + shift) for first in (True, False) if matches(
                side(a[0], pa, a[2], n) + turned(side(b[0], pb, b[2], LENGTH - n)), seq if first else turned(seq))]
        grow, shrink = (a[4] - a[1], a[1] - a[3]) if a[2] == "+" else (a[1] - a[3], a[4] - a[1])
        check(arranged(0) and arranged(grow) and arranged(-shrink), f"{row}: the read {seq} is not what its row says")
        n, first = arranged(0)[0]
        for records, off in ((sam, 0), (moved, 11 + a[4] - a[3])):
            strand, pos, cigar = piece(*a[:3], n, first)
            other = piece(b[0], b[1] + off, b[2], LENGTH - n, not first)
            records.append(f"{name}\t{mate | 16 * (strand == '-')}\t{a[0]}\t{pos}" + blank.format(cigar) +
                           f"\tSA:Z:{b[0]},{other[1]},{other[0]},{other[2]},60,0;")
        whole.append(sam[-1].split("\tSA")[0])
    def score(lines):
        said = benchmark("score-splits", os.path.join(out, "truth.tsv"), write("x.sam", "\n".join(lines) + "\n")).splitlines()
        return said[1].split()[1:], said[-1]
    n = str(len(crossing))
    plain = f"reads across no breakpoint that are split: 0 of {sum(r[1] == 'none' for r in rows)}"
    check(score(sam) == ([n, n, "100.00", "0"], f"false splits: 0 of {n}; {plain}"), f"perfect: {score(sam)}")
    check(score(whole) == ([n, "0", "0.00", n], f"false splits: 0 of 0; {plain}"), f"clips alone: {score(whole)}")
    check(score(moved) == ([n, "0", "0.00", n], f"false splits: {n} of {n}; {plain}"), f"11 bp off: {score(moved)}")

truth = write("t.tsv", "read\nd\tdeletion\t100\t50\tc\t1000\t+\t1000\t1000\tc\t1100\t-\t1100\t1100\np\tnone\n")
sam = write("t.sam", "d\t0\tc\t931\t60\t70M100D80M\t*\t0\t0\t*\t*\np\t0\tc\t1\t60\t50M100S\t*\t0\t0\t*\t*\tSA:Z:c,2000,+,50S100M,60,0;\n")
said = benchmark("score-splits", truth, sam)
check("deletion 50-149 bp                     1       1  100.00" in said, f"a deletion in one CIGAR: {said}")
check("false splits: 1 of 1; reads across no breakpoint that are split: 1 of 1" in said, f"a false split: {said}")
