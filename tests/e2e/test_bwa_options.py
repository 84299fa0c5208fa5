#!/usr/bin/env python3
"""bwa mem's options that pipelines use: those with a meaning here have bwa mem's, others are noted or refused; and what stands beside them: header
lines, markdup's tag, UMIs, reads that found no place."""
import gzip, re
from lib import *

contigs = {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
chr1, chr2 = contigs["chr1"], contigs["chr2"]
anl = index()

def turned(s):
    return s[::-1].translate(str.maketrans("ACGT", "TGCA"))

def fastq(name, *reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

def aligned(*args):
    """name, mate (0, 1, 2): records"""
    found = {}
    for f, t in records(run("align", "-v", 1, *args)[0]): found.setdefault((f[0], int(f[1]) >> 6 & 3), []).append((f, t))
    return found

def query_begin(f):
    ops = re.findall(r"(\d+)([A-Z])", f[5])
    n, op = ops[-1 if int(f[1]) & 16 else 0]
    return int(n) if op in "SH" else 0

def primary(rs):
    (one,) = [r for r in rs if not int(r[0][1]) & 0x900]
    return one

# ---- -5: the first segment leads ----
splits = {"fwd": chr1[70000:70055] + chr2[40000:40095], "turned": turned(chr1[70000:70095] + chr2[40000:40055]), "inversion": turned(chr1[30000:30050]) + chr1[33000:33100],
          "three": chr1[10000:10050] + chr2[20000:20070] + chr1[90000:90060], "whole": chr1[75000:75150], "nowhere": "ACGT" * 30,
          "long": chr1[20000:20600] + chr2[10000:12000]}
reads = fastq("splits.fq", *splits.items())
best, led = aligned(anl, reads), aligned("-5", anl, reads)
for name in splits:
    before, after = best[name, 0], led[name, 0]
    p, t = primary(after)
    check({(f[2], f[3], f[4]) for f, _ in before} == {(f[2], f[3], f[4]) for f, _ in after}, f"-5 {name}: other places")
    if name in ("whole", "nowhere"): continue
    check(len(after) == len(before) > 1, f"-5 {name}: {after}")
    check(query_begin(p) == min(query_begin(f) for f, _ in after), f"-5 {name}: {p[:6]}")
    check(int(primary(before)[0][1]) != int(p[1]) or primary(before)[0][3] != p[3], f"-5 {name}: the best segment was the first anyway")
    check("H" not in p[5] and len(p[9]) == len(splits[name]), f"-5 {name}: the primary record is clipped hard")
    check(all("H" in f[5] and int(f[1]) & 0x800 for f, _ in after if f is not p), f"-5 {name}: the other ones are not supplementary")
    check(t["SA"].split(",")[1] == [f for f, _ in after if f is not p][0][3], f"-5 {name}: SA {t['SA']}")
    check([f[1] for f, _ in aligned("-5", "-M", anl, reads)[name, 0] if int(f[1]) & 0x100], f"-5 -M {name}")
# Mates follow: what a pair's records say of each other is of the segments that lead.
one = fastq("hic_1.fq", ("a", chr1[40000:40050] + chr2[30000:30100]), ("b", chr1[50000:50150]))
two = fastq("hic_2.fq", ("a", turned(chr1[40250:40400])), ("b", turned(chr1[50250:50400])))
hic, plain = aligned("-5SP", "-I", "400,50", anl, one, two), aligned("-I", "400,50", anl, one, two)
check(int(primary(plain["b", 1])[0][1]) & 2 and not any(int(f[1]) & 2 for rs in hic.values() for f, _ in rs), "-P: a proper pair")
for mate in (1, 2):
    f, t = primary(hic["a", mate])
    other, o = primary(hic["a", 3 - mate])
    check((f[2], f[3], f[5]) == (other[6] if other[6] != "=" else other[2], other[7], o["MC"]) and t["MQ"] == other[4], f"-5SP: mate fields {f} {other}")
check(primary(hic["a", 1])[0][2:4] == ["chr1", "40001"], "-5SP: the first segment")
five = aligned("-5", "-I", "400,50", anl, one, two)
check(primary(five["a", 1])[0][2:4] == ["chr1", "40001"] and int(primary(five["b", 1])[0][1]) & 2, "-5 of pairs")
far = fastq("far_2.fq", ("a", turned(chr2[30250:30400])), ("b", turned(chr1[50250:50400])))
before, after = (primary(aligned(*o, "-I", "400,50", anl, one, far)["a", 1])[0] for o in ((), ("-5",)))
check(before[2] == "chr2" and int(before[1]) & 2, "a pair that is proper by its longer segment")
check(after[2] == "chr1" and not int(after[1]) & 2 and after[8] == "0", f"-5: the pair is still called proper: {after[:9]}")

# ---- -S, -P ----
worn = list(turned(chr1[60250:60400]))
for i in range(0, 150, 6): worn[i] = "ACGT"["ACGT".index(worn[i]) ^ 1]  # too many differences to be found alone at 25 a read
one, two = fastq("r_1.fq", ("r", chr1[60000:60150])), fastq("r_2.fq", ("r", "N" * 60 + "".join(worn[60:])))
found = {o: primary(aligned(*o, "-I", "400,50", anl, one, two)["r", 2])[0] for o in ((), ("-S",), ("-P",))}
check(not int(found[()][1]) & 4 and int(found[()][1]) & 2, f"the mate is not rescued: {found[()]}")
check(int(found["-S",][1]) & 4 and int(found["-S",][1]) & 1, f"-S: {found[('-S',)]}")
unit = chr2[15000:15400]  # a repeat: pairing decides between its copies
copies = index("copies.anl", write("copies.fa", f">c\n{chr1[:5000]}{unit}{chr1[5000:15000]}{unit}{chr1[15000:20000]}\n"))
one, two = (fastq(f"c_{i}.fq", *((f"r{k}", s[k:k + 150]) for k in range(8))) for i, s in ((1, unit[100:]), (2, turned(chr1[5040:5200]))))
paired, alone = aligned("-I", "450,50", copies, one, two), aligned("-P", "-I", "450,50", copies, one, two)
check(all(primary(paired[f"r{k}", 1])[0][3] == str(5101 + k) for k in range(8)), "pairing tells copies apart")
check(len({int(primary(alone[f"r{k}", 1])[0][3]) - k for k in range(8)}) == 2 and all(primary(alone[f"r{k}", 1])[0][4] == "0" for k in range(8)), "-P pairs")

# ---- -h ----
many = index("many.anl", write("many.fa", ">m\n" + "".join(chr1[i * 700:i * 700 + 500] + unit for i in range(8)) + "\n"))
read = fastq("unit.fq", ("u", unit[100:250]))
def xa(*options):
    (((f, t),),) = aligned(*options, many, read).values()
    return t.get("XA", "").count(";")
check((xa(), xa("-h", 6), xa("-h", 7), xa("-h7,200"), xa("-h", "200"), xa("--xa-limit=0")) == (0, 0, 7, 7, 7, 0), "-h")
check(run("align", "-h")[0] == run("align", "--help")[0], "-h without a value")
refused("align", "-h", many, read, says="-h")
refused("align", "-h", 5, many, says="needs INDEX.anl READS")
check(run("align", "-v", 1, "-h", 5, many, read)[0].startswith("@HD"), "-h 5 prints help")

# ---- -q -j as always; others noted; others refused ----
r1, r2 = subset(20)
want = run("align", anl, r1)
def same_records(*options):
    out, err = run("align", *options, anl, r1)
    check(body(out) == body(want[0]), f"{options} changes records")
    return [line for line in err.splitlines() if "bwa mem" in line and not line.startswith("anneal 0.")]
check(same_records("-q", "-j") == [], "-q and -j are noted")
note = same_records(*"-w 100 -d100 -r 1.5 -y 20 -c 500 -D 0.5 -W 0 -m 50 -G 10 -N 10 -s 10 -X 0.5 -Q 20 -w 90".split())
check(note == ["anneal: -w, -d, -r, -y, -c, -D, -W, -m, -G, -N, -s, -X, -Q: of bwa mem, and without effect here"], f"noted: {note}")
spelled = "-A 2 -B 8 -O 12 -E 2 -L 10 -U 34 -T 60".split()
lines = lambda *options: [x for x in run("align", *options, anl, r1)[0].splitlines() if x[:3] != "@PG"]
check(lines("-A", 2) == lines(*spelled) != want, "-A 2 is not bwa mem's")
check(lines("-A", 2, "-B", 3) == lines(*spelled, "-B", 3), "-A 2 changes what is given")

check("bwa" not in run("align", "-v", 1, "-w", 100, anl, r1)[1], "-v 1 notes")
refused("align", "-w", anl, r1, says="must be a number")
for options, says in ((("-V",), "-V of bwa mem: not taken: an index keeps no descriptions"), (("-u",), "-u of bwa mem: not taken"), (("-z", 0.5), "-z of bwa mem: not taken")):
    refused("align", *options, anl, r1, says=says)

# ---- -H ----
lines = write("header.txt", "@CO\tfrom a file\nnot a line\n@RG\tID:other\tSM:s\r\n")
header = [line for line in run("align", "-H", "@CO\\tone\\\\two", "-H", lines, "-R", "@RG\\tID:x", anl, r1)[0].splitlines() if re.match("@(CO|RG)", line)]
check(sorted(header) == sorted(["@RG\tID:x", "@CO\tone\\two", "@CO\tfrom a file", "@RG\tID:other\tSM:s"]), f"-H: {header}")
for value, says in (("@SQ\\tSN:x\\tLN:5", "@SQ lines are anneal's own"), ("@HD\\tVN:1.6", "@HD lines"), ("@", "is no line"), ("nothing.txt", "-H nothing.txt: No such file"), ("@RG\\tSM:x", "header is not valid")):
    refused("align", "-H", value, "-o", path("h.sam"), anl, r1, says=says)

# ---- sorted output ----
refused("align", "--csi", "-o", path("x.bam"), anl, r1, says="--csi: is the index of sorted output")
refused("align", "--csi", "--sort", "-o", path("x.cram"), anl, r1, says="of CRAM it is .crai")
refused("align", "--sort-memory", "1G", "-o", path("x.bam"), anl, r1, says="--sort-memory: is that of sorting")
run("align", "--sort", "-o", path("s.bam"), anl, R1, R2)
run("align", "--sort", "--sort-memory", "1M", "--csi", "-o", path("c.bam"), anl, R1, R2)
view = lambda *args: subprocess.run(["samtools", "view", *args], capture_output=True, text=True, check=True).stdout
check(os.path.exists(path("c.bam.csi")) and not os.path.exists(path("c.bam.bai")) and os.path.exists(path("s.bam.bai")), "--csi")
check(view(path("c.bam")) == view(path("s.bam")) and view("-c", path("c.bam"), "chr2:1-5000") == view("-c", path("s.bam"), "chr2:1-5000") != "0\n", "--sort-memory, --csi: other records")
marked = subprocess.run(["samtools", "markdup", "-s", path("s.bam"), path("m.bam")], capture_output=True, text=True)
check(marked.returncode == 0 and "PAIRED: 99" in marked.stderr, f"samtools markdup: {marked.stderr}")
scores = lambda sam: sorted((f[0], int(f[1]) & 0xc0, t["ms"]) for f, t in records(sam))
fixed = subprocess.run(f"samtools sort -n {path('s.bam')} | samtools view -h -x ms | samtools fixmate -m - - | samtools view", shell=True, capture_output=True, text=True, check=True).stdout
check(scores(view(path("s.bam"))) == scores(fixed), "ms is not that of samtools fixmate")
check("\tms:i:" not in run("align", anl, r1, r2)[0] and "\tms:i:" not in run("align", "--sort", anl, r1)[0], "ms where nothing is marked")

# ---- --umi-from-name ----
names = {"A00:1:H:1:2:3:4:ACGT+TTAN": "ACGT-TTAN", "name_ACGTTA": "ACGTTA", "x:y_GG": "GG", "A:B:ACGT-GG": "ACGT-GG", "A00:1:H:1:2:3:4": None, "plain": None, "n_ACGT+": None, "n_": None, "n:acgt": None}
reads = fastq("umi.fq", *((n, chr1[i * 1000:i * 1000 + 150]) for i, n in enumerate(names)))
out, err = run("align", "--umi-from-name", anl, reads)
check({f[0]: t.get("RX") for f, t in records(out)} == names, "--umi-from-name")
check("anneal: --umi-from-name: 5 reads have no UMI in their name, and no tag RX" in err, err)
check("RX:Z" not in run("align", anl, reads)[0], "RX without --umi-from-name")

# ---- --un ----
lost = "".join("ACGT"[(i * i // 7 + i // 3) % 4] for i in range(120))
reads = [("lost", lost), ("found", chr1[1000:1120]), ("none", "N" * 40)]
text = lambda rs: "".join(f"@{n} c{i}\n{s}\n+\n{chr(70 + i) * len(s)}\n" for i, (n, s) in enumerate(rs))
single = write("un.fq", text(reads))
check([int(f[1]) & 4 for f, _ in records(run("align", anl, single)[0])] == [4, 0, 4], "the test's reads")
kept = text(reads).split("@found")[0] + "@none" + text(reads).split("@none")[1]
for name in ("un.out.fq", "un.out.fq.gz"):
    run("align", "-v", 1, "--sam-hit-only", "--un", path(name), "-o", path("hits.sam"), anl, single)
    got = (gzip.open if name.endswith("gz") else open)(path(name), "rt").read()
    check(got == kept, f"--un {name}: {got}")
check(len(list(records(open(path("hits.sam")).read()))) == 1, "--un with --sam-hit-only")
run("align", "-v", 1, "--un", path("un.fa"), "-o", path("x.sam"), anl, write("un.in.fa", f">lost\n{lost}\n"))
check(open(path("un.fa")).read() == f">lost\n{lost}\n", "--un of FASTA")
pairs = [("both", lost, lost[::-1]), ("half", chr1[1000:1120], lost), ("good", chr1[1000:1120], turned(chr1[1280:1400]))]
mates = [fastq(f"p{i}.fq", *((p[0], p[i]) for p in pairs)) for i in (1, 2)]
check([int(f[1]) & 4 for f, _ in records(run("align", anl, *mates)[0])] == [4, 4, 0, 4, 0, 0], "the test's pairs")
entry = lambda s: f"@both\n{s}\n+\n{'I' * len(s)}\n"
run("align", "-v", 1, "--un", path("both.fq"), "-o", path("x.sam"), anl, *mates)
check(open(path("both.fq")).read() == entry(lost) + entry(lost[::-1]), "--un of pairs")
check([f[1] for f, _ in records(run("align", "-p", anl, path("both.fq"))[0])] == ["77", "141"], "--un of pairs and -p")
run("align", "-t", 2, "-v", 1, "--un", path("un_%.fq.gz"), "-o", path("x.sam"), anl, *mates)
check([gzip.open(path(f"un_{i}.fq.gz"), "rt").read() for i in (1, 2)] == [entry(lost), entry(lost[::-1])], "--un %")
refused("align", "--un", path("v_%.fq"), "-o", path("x2.sam"), anl, single, says="read 'lost' is single; without the % one file takes all")
own = shutil.copy(mates[1], path("w_2.fq"))
for un, out in ((path("w_%.fq"), "x2.sam"), (single, "x2.sam"), (path("x2.sam"), "x2.sam")):
    refused("align", "--un", un, "-o", path(out), anl, *((mates[0], own) if "%" in un else (single,)), says=os.path.basename(un.replace("%", "2")))
check(open(own).read() == open(mates[1]).read(), "--un wrote over its input")
refused("align", "--un", path("no/such.fq"), "-o", path("x2.sam"), anl, single, says="such.fq: cannot write")
refused("align", "--un", "/dev/full", "-o", path("x2.sam"), anl, single, says="/dev/full: cannot write")
refused("align", "--un", path("v.fq"), "-o", path("x2.sam"), anl, write("cut.fq", text(reads)[:-20]), says="cut.fq: ")
