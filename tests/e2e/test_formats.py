#!/usr/bin/env python3
"""Inputs and outputs of every kind hold the same alignments; tags and headers are what was asked for."""
import json, re
from lib import *

if not shutil.which("samtools"): skip("no samtools")
anl = index()
R1, R2 = subset(1000)

def view(name, *options):
    return subprocess.run(["samtools", "view", *options, name], capture_output=True, check=True, text=True).stdout.splitlines()

want = [line for line in run("align", anl, R1, R2)[0].splitlines() if line[0] != "@"]
for ending in ("sam", "sam.gz", "bam", "cram"):
    run("align", "-o", path(f"a.{ending}"), anl, R1, R2)
    check(view(path(f"a.{ending}")) == want, f"{ending}: other records")
    subprocess.run(["samtools", "quickcheck", path(f"a.{ending}")], check=True)
for name in ("bam", "sam.gz"):
    run("align", "--output-format", name, "-o", path("b.dat"), anl, R1, R2)
    check(view(path("b.dat")) == want, f"--output-format {name}")
    check(open(path("b.dat"), "rb").read()[12:14] == b"BC", f"--output-format {name}: not BGZF")
check(subprocess.run(["samtools", "view"], input=run("align", "--output-format", "bam", anl, R1, R2, binary=True)[0], capture_output=True, check=True).stdout.decode().splitlines() == want, "BAM to standard output")

# PAF holds the same alignments, in the same order, without the unmapped reads.
def as_paf(f, t):
    ops, back = re.findall(r"(\d+)([MIDS])", f[5]), int(f[1]) & 16
    clips = [int(ops[0][0]) if ops[0][1] == "S" else 0, int(ops[-1][0]) if ops[-1][1] == "S" else 0]
    span, block = sum(int(n) for n, o in ops if o in "MD"), sum(int(n) for n, o in ops if o in "MID")
    begin, end = clips[bool(back)], len(f[9]) - clips[not back]
    return [f"{f[0]}/{1 if int(f[1]) & 64 else 2}", len(f[9]), begin, end, "-" if back else "+", f[2], lengths[f[2]], int(f[3]) - 1,
            int(f[3]) - 1 + span, block - int(t["NM"]), block, f[4], "tp:A:P", f"NM:i:{t['NM']}", f"AS:i:{t['AS']}", f"cs:Z:{t['cs']}",
            "cg:Z:" + "".join(n + o for n, o in ops if o != "S")]
sam = run("align", "--cs", anl, R1, R2)[0]
lengths = dict(re.findall(r"@SQ\tSN:(\S+)\tLN:(\d+)", sam))
check([line.replace(f"\tcs:Z:{t['cs']}", "") for line, (_, t) in zip(body(sam)[-2000:], records(sam)) if "cs" in t] ==
      [line for line in want if "\tNM:" in line], "--cs changes something else")
lines = ["\t".join(map(str, as_paf(f, t))) for f, t in records(sam) if f[5] != "*"]
run("align", "-t", 2, "--cs", "-o", path("a.paf"), anl, R1, R2)
check(open(path("a.paf")).read().splitlines() == lines, "PAF does not say what SAM does")
check(re.sub(r"\tMD:Z:\S+", "", run("align", "--cs", "--MD", "--output-format", "paf", anl, R1, R2)[0]).splitlines() == lines, "PAF with MD")
spelled = [t["cs"] for _, t in records(run("align", "--cs=long", anl, R1, R2)[0]) if "cs" in t]
check([re.sub("=[A-Z]+", lambda m: f":{len(m[0]) - 1}", s) for s in spelled] == [t["cs"] for _, t in records(sam) if "cs" in t], "--cs=long")

for ending, idx in (("bam", "bai"), ("cram", "crai"), ("sam.gz", "csi")):
    run("align", "--sort", "-t", 2, "-o", path(f"s.{ending}"), anl, R1, R2)
    check(os.path.exists(path(f"s.{ending}.{idx}")), f"{ending}: no index")
    subprocess.run(["samtools", "sort", "-o", path("theirs.bam"), path("a.bam")], check=True, stderr=subprocess.DEVNULL)
    check(view(path(f"s.{ending}"), "-x", "ms") == view(path("theirs.bam")), f"{ending}: not the order of samtools sort")
    some = subprocess.run(["samtools", "view", "-c", path(f"s.{ending}"), "chr2:20001-30000"], capture_output=True, check=True, text=True)
    check(int(some.stdout) > 60, f"{ending}: the index finds {some.stdout} records")

# CRAM says what BAM says, tag by tag; it keeps the read group apart, so that RG comes last. -a has records without SEQ.
fasta = write("genome.fa", read_gz(GENOME))
def rg_last(lines): return ["\t".join(sorted(line.split("\t"), key=lambda f: f[:5] == "RG:Z:")) for line in lines]
for options in ([], ["--sort"], ["-a"], ["-a", "-Y", "--sort"]):
    made = ["align", "-R", "@RG\\tID:g\\tSM:s", *options]
    run(*made, "-o", path("r.bam"), anl, R1, R2)
    for reference in ([], ["--reference", fasta]):
        run(*made, *reference, "-o", path("r.cram"), anl, R1, R2)
        check(view(path("r.cram"), "-T", fasta) == rg_last(view(path("r.bam"))), f"CRAM, {options} {reference}: other records")
run("align", "--reference", fasta, "-o", path("r.cram"), anl, R1, R2)
check(view(path("r.cram"), "-T", fasta) == want, "CRAM with a reference: other records")
check(os.path.getsize(path("r.cram")) < os.path.getsize(path("a.cram")), "CRAM with a reference is no smaller")
refused("align", "--reference", write("other.fa", ">chr1\nACGT\n"), "-o", path("w.cram"), anl, R1, leaves=("other.fa.fai",), says="other.fa: has no contig 'chr1' of 120000 bp")
refused("align", "--reference", write("near.fa", read_gz(GENOME).replace("ACGT", "ACCT", 1)), "-o", path("w.cram"), anl, R1, leaves=("near.fa.fai",),
        says="near.fa: contig 'chr1' has other bases than the index")

one, two = open(R1).read(), open(R2).read()
check([line for line in run("align", anl, "-", stdin=one.encode())[0].splitlines() if line[0] != "@"] ==
      [line for line in run("align", anl, R1)[0].splitlines() if line[0] != "@"], "standard input")
a, b = one.split("@sample")[1:], two.split("@sample")[1:]
mixed = write("p.fq", "".join("@sample" + x + "@sample" + y for x, y in zip(a, b)))
check([line for line in run("align", "-p", anl, mixed)[0].splitlines() if line[0] != "@"] == want, "interleaved")
subprocess.run(["samtools", "import", "-1", R1, "-2", R2, "-o", path("u.bam"), "-R", "lane1"], check=True, stderr=subprocess.DEVNULL)
subprocess.run(["samtools", "view", "-C", "--output-fmt-option", "no_ref=1", "-o", path("u.cram"), path("u.bam")], check=True)
for ending in ("bam", "cram"):
    sam = run("align", anl, path(f"u.{ending}"))[0]
    check([line.replace("\tRG:Z:lane1", "") for line in sam.splitlines() if line[0] != "@"] == want, f"unaligned {ending}")
    check("@RG\tID:lane1" in sam and all(t.get("RG") == "lane1" for _, t in records(sam)), f"unaligned {ending}: tags are kept")
check([line for line in run("align", anl, path("u.bam"), "--sam-hit-only")[0].splitlines() if line[0] != "@"] != [], "--sam-hit-only")

few = write("few.fq", "".join(line + "\n" for line in one.splitlines()[:400]))
sam = run("align", "-R", "@RG\\tID:g\\tSM:s", anl, few)[0]
check("@RG\tID:g\tSM:s" in sam and all(t["RG"] == "g" for _, t in records(sam)), "-R")
sam = run("align", "--rg-id", "g", "--rg", "SM:s", "--rg", "PL:ILLUMINA", anl, few)[0]
check("@RG\tID:g\tSM:s\tPL:ILLUMINA" in sam, "--rg")
sam = run("align", "-C", anl, write("c.fq", one.splitlines()[0] + " BC:Z:ACGT\tXY:i:3\n" + "\n".join(one.splitlines()[1:4]) + "\n"))[0]
check([(t["BC"], t["XY"]) for _, t in records(sam)] == [("ACGT", "3")], "-C")
sam, said = run("align", "-C", anl, write("c.fq", one.splitlines()[0] + " 1:N:0:1\tBC:Z:ACGT\tX:i:3\tXZ:i:a\n" + "\n".join(one.splitlines()[1:4]) + "\n"))
check([(t["BC"], "1:N:0:1" in sam, "X:i:3" in sam, "XZ" in t) for _, t in records(sam)] == [("ACGT", False, False, False)] and "3 parts" in said, f"-C, no tags: {said}")

# Aligned BAM in: what was said about the old alignment is gone, other tags, @RG and @PG stay; -R replaces the read groups.
old = "@SQ\tSN:x\tLN:9\n@RG\tID:lane1\tSM:s\n@PG\tID:old\tPN:old\n" + "".join(
    f"{name}\t{flag}\tx\t1\t9\t{len(seq)}M\t*\t0\t0\t{seq}\t*\tNM:i:7\tMD:Z:3\tAS:i:1\tSA:Z:x,1,+,4M,0,0;\tRG:Z:lane1\tPG:Z:old\tRX:Z:ACGT\n"
    for name, flag, seq in (("a", 16, one.splitlines()[1]), ("n", 0, "N" * 50), ("a", 256, "ACGT")))
sam = run("align", anl, write("old.sam", old))[0]
(f, t), (g, u) = records(sam)
check("@PG\tID:old" in sam and "@RG\tID:lane1\tSM:s" in sam and t["RG"] == "lane1" and t["RX"] == "ACGT" and t["NM"] != "7" and "SA" not in t, f"aligned BAM: {f} {t}")
check(g[1] == "4" and u == {"RG": "lane1", "RX": "ACGT"}, f"aligned BAM, now unmapped: {g} {u}")
sam = run("align", "-R", "@RG\\tID:lane1\\tSM:other", anl, path("old.sam"))[0]
check(sam.count("\n@RG") == 1 and "SM:other" in sam, "-R replaces the read groups of the input")

# Mates in two files: the header lines of both, once each; a program whose ID stands for another run there gets one of its own.
def mate_file(name, header, seq, group):
    return write(name, header + f"m\t4\t*\t0\t0\t*\t*\t0\t0\t{seq}\t*\tRG:Z:{group}\n")
shared = "@RG\tID:l1\tSM:s\n@CO\tsame\n"
m1 = mate_file("m1.sam", shared + "@PG\tID:bwa\tCL:one\n@PG\tID:view\tPP:bwa\tCL:v\n@CO\tfirst\n", one.splitlines()[1], "l1")
m2 = mate_file("m2.sam", shared + "@RG\tID:l2\tSM:s\n@PG\tID:bwa\tCL:two\n@PG\tID:view\tPP:bwa\tCL:v\n@PG\tID:bwa.2\tPP:view\n@CO\tsecond\n", two.splitlines()[1], "l2")
sam = run("align", anl, m1, m2)[0]
kept = [line for line in sam.splitlines() if line[:3] in ("@RG", "@CO", "@PG") and "\tPN:anneal" not in line]
check(kept == [line.replace("|", "\t") for line in (
    "@RG|ID:l1|SM:s", "@CO|same", "@PG|ID:bwa|CL:one", "@PG|ID:view|PP:bwa|CL:v", "@CO|first", "@RG|ID:l2|SM:s", "@PG|ID:bwa.3|CL:two",
    "@PG|ID:view.2|PP:bwa.3|CL:v", "@PG|ID:bwa.2|PP:view.2", "@CO|second")], f"two headers: {kept}")
check([t["RG"] for _, t in records(sam)] == ["l1", "l2"], "two headers: read groups")
check(run("align", anl, m1, mate_file("m3.sam", open(m1).read().rsplit("m\t4", 1)[0], two.splitlines()[1], "l1"))[0].count("\n@RG") == 1, "one header twice")
other = mate_file("m4.sam", "@RG\tID:l1\tSM:other\n", two.splitlines()[1], "l1")
refused("align", anl, m1, other, says="the input has two read groups 'l1' that differ: give one with -R")
check(run("align", "-R", "@RG\\tID:l1\\tSM:s", anl, m1, other)[0].count("\n@RG") == 1, "-R settles it")
fq1 = write("fq1.fq", f"@m\n{one.splitlines()[1]}\n+\n{'I' * len(one.splitlines()[1])}\n")
check("@RG\tID:l2" in run("align", anl, fq1, m2)[0], "the second file alone has a header")
sam = run("align", "--eqx", anl, few)[0]
check(all("M" not in f[5] and "=" in f[5] for f, _ in records(sam) if f[5] != "*"), "--eqx")
unmapped = write("n.fq", "@n\n" + "N" * 50 + "\n+\n" + "I" * 50 + "\n")
check(list(records(run("align", "--sam-hit-only", anl, unmapped)[0])) == [], "--sam-hit-only leaves unmapped reads out")
check(list(records(run("align", "-T", "151", anl, few)[0]))[0][0][1] == "4", "-T")

# A read from the exact duplicate has two places: -a shows both, the second without SEQ.
contigs = {c.split(" ")[0]: "".join(c.split("\n")[1:]) for c in read_gz(GENOME).split(">")[1:]}
twice = write("twice.fq", "@d\n" + contigs["chr1"][60300:60450] + "\n+\n" + "I" * 150 + "\n")
(f, t), = records(run("align", anl, twice)[0])
check(f[4] == "0" and t["AS"] == t["XS"] == "150", f"duplicate: {f} {t}")
both = list(records(run("align", "-a", anl, twice)[0]))
check(sorted(f[2] for f, _ in both) == ["chr1", "chr2"] and both[1][0][1] == "256" and both[1][0][9] == "*", f"-a: {both}")

run("align", "--summary", path("s.json"), "-o", path("x.bam"), anl, R1, R2)
s = json.load(open(path("s.json")))
check(s["reads"] == 2000 and s["pairs"] == 1000 and s["mapped"] >= 1990 and s["proper_pairs"] > 980 and 390 < s["insert_size"]["mean"] < 410, f"summary: {s}")

run("export-faiss", anl, path("x.faiss"))
code = f"import faiss; x = faiss.read_index({path('x.faiss')!r}); print(x.ntotal, x.d)"
p = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True)
if p.returncode == 0:
    stored = [line.split("\t")[1] for line in run("info", anl)[0].splitlines() if line.startswith("stored\t")][0]
    check(p.stdout.split() == [stored, "128"], f"FAISS sees {p.stdout}")
elif "No module named 'faiss'" not in p.stderr:
    sys.exit(p.stderr)
