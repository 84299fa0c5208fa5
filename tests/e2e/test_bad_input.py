#!/usr/bin/env python3
"""Bad input: one clear line, an exit status that is not 0, nothing left behind that looks complete."""
import random
from lib import *

anl = index()
r1, r2 = read_gz(R1).splitlines(keepends=True)[:400], read_gz(R2).splitlines(keepends=True)[:400]
good1, good2 = write("1.fq", "".join(r1)), write("2.fq", "".join(r2))
out = path("out.bam")

def align(reads, mates=None, says=""):
    refused("align", "-o", out, anl, reads, *([mates] if mates else []), says=says)

def changed(line, text):
    return write("bad.fq", "".join(r1[:line] + [text] + r1[line + 1:]))

with open(R1, "rb") as f:
    packed = f.read()
align(write("cut.fq.gz", packed[:len(packed) // 2]), says="cut.fq.gz: truncated gzip")
align(write("flip.fq.gz", packed[:5000] + bytes([packed[5000] ^ 255]) + packed[5001:]), says="flip.fq.gz: ")
align(changed(203, r1[203][1:]), says="bad.fq: record 51 'sample.51': 150 bases but 149 qualities")
align(changed(202, "I" * 150 + "\n"), says="bad.fq: record 51 'sample.51'")
align(changed(200, r1[200][1:]), says="bad.fq: record 51: it does not start with '@'")
align(write("short.fq", "".join(r1[:-2])), says="short.fq: record 100 'sample.100': truncated: no '+' line")
align(good1, write("few.fq", "".join(r2[:200])), says="few.fq: ends after 50 reads")
align(write("few.fq", "".join(r1[:200])), good2, says="few.fq: ends after 50 reads")
align(good1, write("other.fq", "".join(r2[:40]) + "@x\n" + "".join(r2[41:])), says="mates have different names: 'sample.11' and 'x'")
align(path("nothing.fq"), says="nothing.fq: No such file")
refused("align", "-o", path("no/such/out.bam"), anl, good1, says="out.bam: cannot write")
refused("align", "-o", "/dev/full", anl, good1, says="/dev/full: cannot write")
refused("align", "-o", "/dev/full", "--output-format", "bam", anl, good1, says="/dev/full: cannot write")
refused("align", "-o", "/dev/full", "--output-format", "paf", anl, good1, says="/dev/full: cannot write")
refused("align", "-o", path("out.paf"), anl, write("cut.fq", "".join(r1[:-2])), says="cut.fq: record 100")
refused("align", "-C", "-o", out, anl, write("c.fq", "@a 1:N:0:1\nA\n+\nI\n"), says="read 'a': its comment")

with open(anl, "rb") as f:
    whole = f.read()
rng = random.Random(1)
refused("align", write("cut.anl", whole[:len(whole) * 2 // 3]), good1, says="cut.anl: truncated")
refused("align", write("head.anl", whole[:100]), good1, says="head.anl: not an anneal index")
for at in [9000] + [rng.randrange(4096, len(whole)) & ~63 for _ in range(3)]:
    if whole[at]: refused("align", write("flip.anl", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]), good1, says="flip.anl: corrupt")
refused("align", write("version.anl", whole[:8] + b"\x63" + whole[9:]), good1, says="version.anl: index version 99")
refused("align", write("text.anl", "hello " * 1000), good1, says="text.anl: not an anneal index")
refused("align", path("nothing.anl"), good1, says="nothing.anl: No such file")
run("train", "--init-only", "--seed", 2, "-o", path("other.anm"))
refused("align", "--model", path("other.anm"), anl, good1, says="genome.anl: made with model")
refused("align", "--model", write("bad.anm", b"ANLMODEL" + bytes(200)), anl, good1, says="bad.anm: ")

refused("index", "-o", path("x.anl"), write("empty.fa", ""), says="empty.fa: empty")
refused("index", "-o", path("x.anl"), write("protein.fa", ">p\nMKVLAAGEF\n"), says="protein.fa: contig 'p': 'L' in line 2")
refused("index", "-o", path("x.anl"), good1, says="not a FASTA file")
refused("index", "-o", path("x.anl"), write("twice.fa", ">a\nACGT\n>a\nACGT\n"), says="two contigs are called 'a'")
refused("index", "-o", path("no/such/x.anl"), GENOME, says="x.anl: cannot write")
refused("index", "-o", "/dev/full", GENOME, says="/dev/full")
refused("index", "-t", 0, GENOME, says="-t 0")
refused("align", "-t", 0, anl, good1, says="-t 0")
refused("align", "--no-such-option", anl, good1, says="--no-such-option")
refused("align", anl, says="needs INDEX.anl READS")
refused("align", "-R", "@RG\\tSM:x", anl, good1, says="-R")
refused("align", "-R", "@RG\\tID:x\\tfoo", "-o", out, anl, good1, says="the read group: its fields must be TAG:VALUE")
refused("align", "--output-format", "xml", anl, good1, says="xml")
refused("align", "--sort", "-o", path("out.paf"), anl, good1, says="--sort: PAF is written in the order of the reads")
refused("align", "--eqx", "-o", path("out.cram"), anl, good1, says="--eqx: CRAM has no = and X")
refused("align", "--cs=none", anl, good1, says="--cs=none: must be short or long")
refused("nonsense", says="no command 'nonsense'")

# Not enough memory: a limit on the address space far below what a batch needs. (A sanitizer's shadow does not fit any limit.)
if "asan" not in ANNEAL and "tsan" not in ANNEAL:
    import resource
    p = subprocess.run([ANNEAL, "align", "-o", out, anl, R1, R2], capture_output=True, text=True, timeout=60,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (72 << 20, 72 << 20)))
    check(p.returncode == 1 and "memory" in p.stderr and len(p.stderr.splitlines()) == 1, f"little memory: {p.returncode} {p.stderr}")
    check(not os.path.exists(out), "little memory: output left behind")
