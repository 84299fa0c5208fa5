#!/usr/bin/env python3
"""ALT contigs: as bwa mem with a .alt file. They lower no MAPQ of the primary assembly; a better place on one is a supplementary record. Contigs of HLA
alleles and decoys, whatever their names."""
import gzip, random
from lib import *

rng = random.Random(5)
def some(n): return "".join(rng.choice("ACGT") for _ in range(n))
def mutate(s, rate): return "".join(rng.choice("ACGT".replace(c, "")) if rng.random() < rate else c for c in s)
def turned(s): return s[::-1].translate(str.maketrans("ACGT", "TGCA"))
def fasta(name, contigs): return write(name, "".join(f">{n}\n{s}\n" for n, s in contigs.items()))
def fastq(name, reads): return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

chr1, chr2 = some(60000), some(40000)
chr2 = chr2[:20000] + mutate(chr1[50000:50600], 0.03) + chr2[20600:]  # a copy that the primary assembly has itself
one = mutate(chr1[10000:20000], 0.02)
one = one[:5000] + some(1500) + one[5000:]
primary = {"chr1": chr1, "chr2": chr2, "chrUn_KN707606v1_decoy": some(3000)}
ALTS = {"chr1_KI1v1_alt": one, "chr1_KI2v1_alt": mutate(chr1[12000:18000], 0.03), "HLA-A*01:01:01:01": mutate(chr1[14000:15200], 0.02),
        "HLA-A*01:01:02": mutate(chr1[14000:15200], 0.02), "chr1_copy_alt": mutate(chr1[49500:51000], 0.02)}
genome = {**primary, **ALTS}
fa = fasta("g.fa", genome)
dot_alt = write("g.fa.alt", "@SQ\tSN:chr1\tLN:60000\n" + "".join(f"{n}\t0\tchr1\t1\t60\t9M\t*\t0\t0\t*\t*\n" for n in [*ALTS, "chr7_elsewhere_alt"]))
names = write("names.txt", "\r\n".join(ALTS) + "\n\n")
packed = path("names.gz")
with gzip.open(packed, "wb") as f: f.write(open(dot_alt, "rb").read())

# ---- the index ----
anl = path("alt.anl")
err = run("index", "-v", "--alt", dot_alt, "-o", anl, fa)[1]
check("5 of 6 names are ALT contigs here" in err, err)
for file in (names, packed): check(digest(index("again.anl", fa, "--alt", file, "-t", 2)) == digest(anl), f"{file}: another index")
plain, alone = index("plain.anl", fa), index("primary.anl", fasta("primary.fa", primary))
info = run("info", anl)[0].splitlines()
check("alt_contigs\t5" in info and [l.split("\t")[1] for l in info if l.endswith("\tALT")] == list(ALTS), f"info: {info}")
check("alt_contigs\t0" in run("info", plain)[0].splitlines(), "info without ALT contigs")
refused("index", "--alt", path("no.such"), "-o", path("x.anl"), fa, says="no.such")
refused("index", "--alt", write("empty.alt", "@CO\tx\n\n"), "-o", path("x.anl"), fa, says="names no contig")
refused("index", "--alt", write("other.alt", "chr9\n"), "-o", path("x.anl"), fa, says="has none of these contigs")
refused("index", "--alt", write("all.alt", "\n".join(genome)), "-o", path("x.anl"), fa, says="no contig of")
refused("index", "--alt", names, "-o", names, fa, says="would be written over")
refused("index", "-o", path("x.anl"), write("comma.fa", ">HLA,A\nACGTACGTACGTACGTACGTACGT\n"), says="'HLA,A' is not a legal contig name in SAM")

# ---- reads ----
pairs = []
for contig, s in genome.items():
    for i in range(60 if len(s) > 2000 else 15):
        size = rng.randint(300, 500)
        at = rng.randint(9500, 20000) if contig == "chr1" and i < 40 else rng.randint(49300, 50800) if contig == "chr1" else rng.randint(0, len(s) - size)
        part = s[at:at + size] if rng.random() < 0.5 else turned(s[at:at + size])
        pairs.append((f"p{len(pairs)}", mutate(part[:150], 0.01), mutate(turned(part)[:150], 0.01)))
r1, r2 = (fastq(f"r{i}.fq", [(p[0], p[i]) for p in pairs]) for i in (1, 2))
at = {"chr1": 9000, "chr1_KI1v1_alt": 6700, "chr1_KI2v1_alt": 1000, "chr2": 15000}
long = fastq("long.fq", [(f"l{i}", mutate(genome[c][at[c] + 100 * i:at[c] + 100 * i + 2000 + 50 * i], 0.005)) for i in range(20) for c in [list(at)[i % 4]]])

def aligned(*args):
    found = {}
    for f, t in records(run("align", "-v", 1, *args)[0]): found.setdefault((f[0], int(f[1]) & 0xc0), []).append((f, t))
    return found

single, paired, longs = aligned(anl, r1), aligned(anl, r1, r2), aligned("-x", "sr", anl, long)
kinds = {"alone": 0, "beside": 0, "xa": 0}
for rs in [*single.values(), *paired.values(), *longs.values()]:
    (f, t), *others = rs
    check(not int(f[1]) & 0x900, f"the first record is not the primary one: {f}")
    kinds["alone"] += f[2] in ALTS
    kinds["xa"] += f[2] not in ALTS and any(e.split(",")[0] in ALTS for e in t.get("XA", "").split(";"))
    alts = [(g, u) for g, u in others if g[2] in ALTS]
    for g, u in alts:
        check(int(g[1]) & 0x800 and g[5].count("H") == 0 and len(g[9]) == len(f[9]), f"of an ALT contig: {g}")
        check("pa" not in u and {"AS", "NM", "MD", "XS"} <= set(u), f"tags of {g}: {u}")
    best = max([int(u["AS"]) for g, u in alts], default=0)
    if "pa" in t: check(best > int(t["AS"]) and abs(float(t["pa"]) - int(t["AS"]) / best) < 0.00051, f"pa {t['pa']} of {f}: {t['AS']} of {best}")
    if f[2] not in ALTS and any(int(u["AS"]) > int(t["AS"]) and g[5] == f[5] for g, u in alts): check("pa" in t, f"no tag pa: {f} {t}")
    kinds["beside"] += "pa" in t
check(kinds["alone"] > 5 and kinds["beside"] > 100 and kinds["xa"] > 50, f"the test's reads: {kinds}")

# ALT contigs lower no MAPQ, nor are they in XS. Without --exhaustive some reads would be proven on the primary assembly alone, and have no XS.
for reads in (("--exhaustive", anl, r1), ("--exhaustive", anl, r1, r2), ("-x", "sr", anl, long)):
    beside, without = aligned(*reads), aligned(*(alone if a == anl else a for a in reads))
    for k, ((f, t), *_) in beside.items():
        ((g, u), *_) = without[k]
        if f[2] not in ALTS and f[2:4] == g[2:4]: check(int(f[4]) >= int(g[4]) and int(t["XS"]) <= int(u["XS"]), f"MAPQ and XS of {f[:6]}: {t['XS']}, without ALT contigs {g[4]} {u['XS']}")
for found, without in ((single, aligned(alone, r1)), (paired, aligned(alone, r1, r2))):
    for k, ((f, t), *_) in found.items():
        ((g, u), *_) = without[k]
        if f[2] not in ALTS and f[2:4] == g[2:4]: check(int(f[4]) >= int(g[4]), f"MAPQ of {f[:6]}: without ALT contigs {g[4]}")
copies = aligned(plain, r1)
check(sum(int(rs[0][0][4]) < 20 <= int(single[k][0][0][4]) for k, rs in copies.items()) > 20, f"{sum(int(rs[0][0][4]) < 20 <= int(single[k][0][0][4]) for k, rs in copies.items())}: without --alt MAPQ is not lower")

# A segment that only an ALT contig has is told beside one of the primary assembly.
chimeras = []
for i in range(60):
    left = rng.choice((60, 75, 90))
    at, there = rng.randint(25000, 45000), rng.randint(5000, 6500 - (150 - left))
    ends = [turned(e) if rng.random() < 0.5 else e for e in (chr1[at:at + left], one[there:there + 150 - left])]
    chimeras.append((f"c{i}", mutate("".join(ends if i % 2 else ends[::-1]), 0.005)))
for k, rs in aligned(anl, fastq("chimeras.fq", chimeras)).items():
    check(sorted(f[2] for f, _ in rs) == ["chr1", "chr1_KI1v1_alt"], f"segments of {k}: {[f[:6] for f, _ in rs]}")

# ---- options ----
check(body(run("align", "-j", anl, r1, r2)[0]) == body(run("align", plain, r1, r2)[0]), "-j: other records than without --alt")
check("AH:*" not in run("align", "-j", anl, r1)[0], "-j: AH in the header")
header = [l for l in run("align", anl, r1)[0].splitlines() if l.startswith("@SQ")]
check([l.split("SN:")[1].split("\t")[0] for l in header if l.endswith("\tAH:*")] == list(ALTS), f"AH: {header}")
few = aligned("-h", "5,1", anl, r1)
check(all(t.get("XA", "").count(";") <= 1 or not any(n in t["XA"] for n in ALTS) for rs in few.values() for _, t in rs), "-h 5,1")
told = [t["XA"].count(";") for rs in single.values() for _, t in rs if "XA" in t]
check(max(told) > 3, f"XA: {told}")
everything = aligned("-a", anl, r1)
for k, rs in everything.items():
    check(rs[0][0][:6] == single[k][0][0][:6], f"-a: another primary record: {rs[0][0][:6]}")
    places = [(f[2], f[3]) for f, _ in rs]
    check(len(set(places)) == len(places), f"-a: a place is told twice: {places}")
    for f, t in single[k]: check({e.split(",")[0] for e in t.get("XA", "").split(";")[:-1]} <= {c for c, _ in places}, f"-a {k}: {places}, {t.get('XA')}")
few = [subset for subset in (fastq("few1.fq", [p[:2] for p in pairs[::9]]), fastq("few2.fq", [p[::2] for p in pairs[::9]]))]
want = body(run("align", anl, *few)[0])
for options in (("-t", 2), ("-t", 3), ("--search", "faiss")): check(body(run("align", *options, anl, *few)[0]) == want, f"{options}: other records")
for level in LEVELS: check(body(run("align", anl, *few, env={"ANNEAL_KERNELS": level})[0]) == want, f"{level}: other records")
check("pa:f:0." in run("align", "--output-format", "paf", anl, r1)[0], "PAF")

# ---- names ----
if shutil.which("samtools"):
    run("align", "--sort", "-o", path("s.bam"), anl, r1, r2)
    view = lambda *args: subprocess.run(["samtools", "view", *args], capture_output=True, text=True, check=True).stdout.splitlines()
    for name in ("HLA-A*01:01:01:01", "HLA-A*01:01:02", "chrUn_KN707606v1_decoy"):
        of_contig = [l for l in view(path("s.bam")) if l.split("\t")[2] == name]
        check(of_contig and view(path("s.bam"), name) == of_contig, f"samtools view {name}")
        inside = [l for l in of_contig if int(l.split("\t")[3]) <= 600]
        check(view(path("s.bam"), f"{{{name}}}:1-600") == inside, f"samtools view {{{name}}}:1-600")
    run("align", "--sort", "-o", path("s.cram"), anl, r1, r2)
    check(view(path("s.cram")) == view(path("s.bam")), "CRAM")
for rs in paired.values():
    for f, t in rs:
        for tag, n in (("SA", 6), ("XA", 4)):
            for e in t.get(tag, "").split(";")[:-1]: check(len(e.split(",")) == n and e.split(",")[0] in genome, f"{tag}:{t[tag]}")

# ---- bwa mem ----
if not shutil.which("bwa"): skip("no bwa to compare with")
subprocess.run(["bwa", "index", fa], capture_output=True, check=True)
def bwa(*reads):
    found = {}
    for f, t in records(subprocess.run(["bwa", "mem", "-v", "1", fa, *reads], capture_output=True, text=True, check=True).stdout):
        found.setdefault((f[0], int(f[1]) & 0xc0), []).append((f, t))
    return found
for reads, ours in (((r1,), single), ((r1, r2), paired), ((long,), longs)):
    theirs, same, xa, n_xa = bwa(*reads), 0, 0, 0
    for k, rs in theirs.items():
        place = [[(f[1], f[2], f[3], f[5]) for f, _ in x] for x in (rs, ours[k])]
        if place[0] != place[1]: continue  # equal places, and pieces of reads of what the primary assembly lacks
        same += 1
        for (f, t), (g, u) in zip(rs, ours[k]):
            check(f[6:9] == g[6:9] and len(f[9]) == len(g[9]), f"mate or bases of {f} {g}")
            check(("pa" in t) == ("pa" in u) and ("SA" in t) == ("SA" in u), f"tags of {f[:6]}: {t} {u}")
            check([e.split(",")[:4] for e in t.get("SA", "").split(";")] == [e.split(",")[:4] for e in u.get("SA", "").split(";")], f"SA: {t} {u}")
            if "pa" in t: check(abs(float(t["pa"]) - float(u["pa"])) < 0.06, f"pa: {t} {u}")  # bwa mem's AS may be that of another alignment
            if "XA" not in t or len(f[9]) > 400 or "XA" not in u and int(g[4]) > 50: continue  # a long read; proven, and not searched further
            xa += {e.split(",")[0] for e in t["XA"].split(";")} <= {e.split(",")[0] for e in u.get("XA", "").split(";")}
            n_xa += 1
    check(same >= 0.95 * len(theirs), f"{reads}: {same} of {len(theirs)} reads as by bwa mem")
    check(xa >= 0.95 * n_xa, f"{reads}: {xa} of {n_xa} XA name what bwa mem's do")
    print(f"{same} of {len(theirs)} reads as by bwa mem, {xa} of {n_xa} XA")
