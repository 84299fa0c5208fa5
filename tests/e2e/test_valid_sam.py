#!/usr/bin/env python3
"""Picard's ValidateSamFile, samtools and bcftools find nothing wrong."""
from lib import *

if not shutil.which("PicardCommandLine") or not shutil.which("samtools"): skip("no picard-tools or samtools")
anl = index()
R1, R2 = subset(2000)
fasta = write("genome.fa", read_gz(GENOME))

def validate(name, *reference):
    p = subprocess.run(["PicardCommandLine", "ValidateSamFile", f"I={name}", *reference, "MODE=SUMMARY"], capture_output=True, text=True)
    errors = [line for line in p.stdout.splitlines() if line.startswith("ERROR") or "MISSING_TAG_NM" in line]
    check(p.returncode == 0 and not errors, f"{name}: {p.stdout[-2000:]} {p.stderr[-2000:]}")

subprocess.run(["samtools", "faidx", fasta], check=True)
rg = ("-R", "@RG\\tID:g\\tSM:s\\tPL:ILLUMINA")
run("align", *rg, "--sort", "-o", path("s.bam"), anl, R1, R2)
run("align", *rg, "-a", "--sort", "-o", path("a.bam"), anl, R1, R2)
validate(path("s.bam"), f"R={fasta}")
validate(path("a.bam"))  # Picard cannot count the mismatches of records without SEQ
run("align", *rg, "--sort", "-o", path("s.cram"), anl, R1, R2)
validate(path("s.cram"))  # holds the reference itself
run("align", *rg, "--sort", "--reference", fasta, "-o", path("r.cram"), anl, R1, R2)
validate(path("r.cram"), f"R={fasta}")
for name in ("s.bam", "a.bam"):
    subprocess.run(["samtools", "quickcheck", path(name)], check=True)
    stats = subprocess.run(["samtools", "stats", path(name)], check=True, capture_output=True, text=True).stdout
    check("SN\traw total sequences:\t4000" in stats, "samtools stats: the number of reads")
