#!/usr/bin/env python3
"""References with IUPAC letters: MD, NM and cs say what samtools calmd says, in every format."""
import random, re
from lib import *

if not shutil.which("samtools"): skip("no samtools")
rng = random.Random(5)
contigs = {c.split()[0]: list("".join(c.split("\n")[1:]).upper()) for c in read_gz(GENOME).split(">")[1:]}
plain = {name: "".join(seq) for name, seq in contigs.items()}
for seq in contigs.values():
    for i in range(0, len(seq), 97): seq[i] = rng.choice("RYSWKMBDHVN")
    for i in range(3000, 3012): seq[i] = rng.choice("RYK")
    seq[0] = seq[-1] = "M"
fasta = write("iupac.fa", "".join(f">{name}\n{''.join(seq)}\n" for name, seq in contigs.items()).replace("R", "r", 200))
anl = index("iupac.anl", fasta)

def read(i):
    name = rng.choice(sorted(plain))
    n = rng.choice((150, 150, 300, 900))
    at = rng.choice((0, len(plain[name]) - n, 2990, rng.randrange(len(plain[name]) - n)))
    s = plain[name][at:at + n]
    cut = rng.randrange(40, n - 40)
    s = rng.choice((s, s[:cut] + s[cut + 5:], s[:cut] + "GATTACA" + s[cut:], s[:cut] + plain["chr2"][500:620], s[:cut] + "RYN" + s[cut + 3:]))
    if rng.random() < .5: s = s.translate(str.maketrans("ACGTRY", "TGCAYR"))[::-1]
    return f"@r{i}\n{s}\n+\n{'I' * len(s)}\n"
reads = write("r.fq", "".join(read(i) for i in range(400)))

def calmd(name):
    p = subprocess.run(["samtools", "calmd", name, fasta], capture_output=True, check=True, text=True)
    return {tuple(f): (t["NM"], t["MD"]) for f, t in records(p.stdout) if "MD" in t}

run("align", "-Y", "-o", path("a.sam"), anl, reads)
ours = {tuple(f): (t["NM"], t["MD"]) for f, t in records(open(path("a.sam")).read()) if "MD" in t}
theirs = calmd(path("a.sam"))
check(ours == theirs, "MD or NM: " + str([(k[0], ours[k], theirs[k]) for k in ours if ours[k] != theirs[k]][:3]))
letters = {c for _, md in ours.values() for c in re.sub("[0-9^]", "", md)}
check(len(ours) > 390 and letters == set("ACGTRYSWKMBDHVN"), f"{len(ours)} records, letters {letters}")
for options in ([], ["--reference", fasta]):
    for sort in ([], ["--sort"]):
        run("align", "-Y", *options, *sort, "-o", path("a.cram"), anl, reads)
        sam = subprocess.run(["samtools", "view", "-T", fasta, path("a.cram")], capture_output=True, check=True, text=True).stdout
        check({tuple(f): (t["NM"], t["MD"]) for f, t in records(sam) if "MD" in t} == ours, f"CRAM {options} {sort}")
for f, t in records(run("align", "-Y", "--cs", anl, reads)[0]):
    if "cs" not in t: continue
    check(re.findall(r"\*(.)", t["cs"]) == [c.lower() for c in re.findall(r"[A-Z]", re.sub(r"\^[A-Z]+", "", t["MD"]))], f"cs {t['cs']} MD {t['MD']}")
