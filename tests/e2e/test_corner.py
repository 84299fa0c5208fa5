#!/usr/bin/env python3
"""Odd and malformed files of other projects' test suites: refused in one line, or every record answered once."""
import collections, glob, re
from lib import *

corner = os.path.join(SHARED, "data", "corner")
if not os.path.isdir(corner): skip(f"no {corner}")
phix = index("phix.anl", os.path.join(corner, "ksahlin+strobealign", "tests__phix.fasta"))
out = path("out.sam")

def suite(name, ending):
    found = sorted(glob.glob(os.path.join(corner, name, "*" + ending)))
    check(found, f"no {ending} in {name}")
    return found

def names(sam):
    return [f[0] for f, _ in records(sam) if not int(f[1]) & 0x900]

# FASTQ: what must be refused names file, record and, once it is known, read.
for file in suite("biopython+biopython", "error_*.fastq"):
    refused("align", "-o", out, phix, file, says=f"{os.path.basename(file)}: record ")
fastqs = [f for f in suite("", "*/*.fastq") + suite("", "*/*.fq") if "error_" not in f]
for file in fastqs:
    text = open(file).read().replace("\r", "")
    got = names(run("align", phix, file)[0])
    if "wrap" not in file and "multiline" not in file and "tricky" not in file and "longreads" not in file and "fastqs" not in file and "zero" not in file:
        want = [re.sub("/[12]$", "", line[1:].split()[0]) for line in text.splitlines()[::4]]
        check(got == want, f"{file}: {got} instead of {want}")
    check(got or "empty" in file, f"{file}: no records")
for file, n in (("wrapping_original_sanger", 3), ("tricky", 4), ("zero_length", 5), ("longreads_original_sanger", 10), ("sanger_93", 1), ("misc_rna_original_sanger", 4)):
    file = os.path.join(corner, "biopython+biopython", f"Tests__Quality__{file}.fastq")
    check(len(names(run("align", phix, file)[0])) == n, f"{file}: not {n} records")
(f, _), = records(run("align", phix, os.path.join(corner, "biopython+biopython", "Tests__Quality__sanger_93.fastq"))[0])
check(f[10] == "".join(map(chr, range(126, 32, -1))), f"qualities from 0 to 93: {f[10]}")
pair = [os.path.join(corner, "ksahlin+strobealign", f"tests__phix.{i}.fastq") for i in (1, 2)]
check(len(names(run("align", phix, *pair)[0])) == 90, "strobealign's pairs")
tags = {f[0]: t for f, t in records(run("align", "-C", phix, os.path.join(corner, "ksahlin+strobealign", "tests__phix.tags.fastq"))[0])}
check((tags["SRR1377138.1"]["xy"], tags["unmappable.41"]["cd"]) == ("hello", "world"), f"strobealign's tags: {tags}")

# SAM and BAM: a record for each primary record, or one line about a mate that does not follow.
for file in suite("samtools+htslib", ".sam") + suite("samtools+htslib", ".bam") + suite("ksahlin+strobealign", ".sam"):
    p = subprocess.run([ANNEAL, "align", phix, file], capture_output=True, text=True, timeout=100)
    lines = p.stderr.splitlines()
    if p.returncode:
        check(p.returncode == 1 and len(lines) == 1 and "mate does not follow" in lines[0], f"{file}: {p.returncode} {lines}")
    elif shutil.which("samtools"):
        view = subprocess.run(["samtools", "view", "-F", "0x900", file], capture_output=True, text=True).stdout
        want = collections.Counter(line.split("\t")[0] for line in view.splitlines())
        check(collections.Counter(names(p.stdout)) == want, f"{file}: {names(p.stdout)} instead of {want}")

# FASTA references: nucleotides become an index, protein and names that occur twice are refused.
for file in suite("biopython+biopython", ".pro") + suite("biopython+biopython", "dups.fasta") + suite("biopython+biopython", "protein_lib.fa") + suite("samtools+htslib", "faidx__faidx.fa"):
    refused("index", "-o", path("x.anl"), file, says=os.path.basename(file))
for file in suite("biopython+biopython", ".nu") + suite("lh3+minimap2", ".fa") + suite("samtools+htslib", "xx.fa") + suite("samtools+htslib", "realn0*.fa"):
    info = run("info", index("y.anl", file))[0]
    if not shutil.which("samtools") : continue
    want = [re.findall(r"\t(?:SN|LN|M5):(\S+)", line) for line in subprocess.run(["samtools", "dict", file], capture_output=True, text=True).stdout.splitlines()[1:]]
    check([line.split("\t")[1:] for line in info.splitlines() if line.startswith("contig\t")] == want, f"{file}: not what samtools dict says: {info} {want}")
