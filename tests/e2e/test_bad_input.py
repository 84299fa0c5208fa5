#!/usr/bin/env python3
"""Bad input: one clear line, an exit status that is not 0, nothing left behind that looks complete."""
import random, resource, signal, stat, time
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
refused("align", "-o", path("out.paf"), anl, write("cut.fq", "".join(r1[:-2])), says="cut.fq: record 100")
refused("align", "--summary", path("no/such.json"), "-o", out, anl, good1, says="such.json: cannot write")
refused("align", "--summary", "/dev/full", "-o", out, anl, good1, says="/dev/full: cannot write")
refused("export-faiss", anl, "/dev/full", says="/dev/full: cannot write")
refused("export-faiss", anl, path("no/such.faiss"), says="such.faiss: cannot write")
check(stat.S_ISCHR(os.stat("/dev/full").st_mode), "/dev/full was removed")

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
refused("align", "-Za", anl, good1, says="no option '-Z'")
for group, says in (("@RG\\tSM:x", "no ID"), ("RG\\tID:x", "a read group is"), ("@RG ID:x", "a read group is"), ("@RG\\tID:x\\tfoo", "'foo'"),
                    ("@RG\\tID:x\\tSM:", "'SM:'"), ("@RG\\tID:x\\tID:y", "two ID"), ("@RG\\tID:x\r", "ID has a character"), ("@RG\\tID:\u00e9", "ID has a character")):
    refused("align", "-R", group, anl, good1, says=says)
refused("align", "--rg", "SM:x", anl, good1, says="needs --rg-id first")
refused("align", "--rg-id", "x", "--rg", "sample", anl, good1, says="'sample' in the read group")
refused("align", "--output-format", "xml", anl, good1, says="xml")
refused("align", "--sort", "-o", path("out.paf"), anl, good1, says="--sort: PAF is written in the order of the reads")
refused("align", "--eqx", "-o", path("out.cram"), anl, good1, says="--eqx: CRAM has no = and X")
refused("align", "--cs=none", anl, good1, says="--cs=none: must be short or long")
refused("nonsense", says="no command 'nonsense'")

# A signal leaves nothing: neither what was asked for nor temporary files.
reads = write("many.fq", "".join(read_gz(R1) for _ in range(10)))
before = set(os.listdir(TEMP))
for command in (["align", "--sort", "-K", 100000, "--summary", path("x.json"), "-o", out, anl, reads], ["index", "--stride", 1, "-o", path("x.anl"), GENOME]):
    for number in (signal.SIGINT, signal.SIGTERM):
        p = subprocess.Popen([ANNEAL, *map(str, command)], stderr=subprocess.DEVNULL)
        if command[0] == "align":
            while p.poll() is None and not any(".tmp." in f for f in os.listdir(TEMP)): time.sleep(0.01)
        time.sleep(0.2)
        p.send_signal(number)
        check(p.wait(60) == -number, f"{command[0]}, signal {number}: exit status {p.returncode}")
        check(set(os.listdir(TEMP)) == before, f"{command[0]}, signal {number}: left {set(os.listdir(TEMP)) - before}")

# Not enough memory: limits on the address space, below what the threads or a batch need. (A sanitizer's shadow does not fit any limit.)
def little_memory(mib, *command):
    p = subprocess.run([ANNEAL, *map(str, command)], capture_output=True, text=True, timeout=120,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20)))
    check(p.returncode == 1 and "memory" in p.stderr and len(p.stderr.splitlines()) == 1, f"{mib} MiB: {command[0]}: {p.returncode} {p.stderr}")
    check(set(os.listdir(TEMP)) == before, f"{mib} MiB: {command[0]}: left {set(os.listdir(TEMP)) - before}")
if "asan" not in ANNEAL and "tsan" not in ANNEAL:
    for mib in (60, 72):
        little_memory(mib, "align", "-o", out, anl, R1, R2)
        little_memory(mib, "align", "-t", 2, "--sort", "-o", out, anl, R1, R2)
    for mib in (60, 64): little_memory(mib, "index", "-t", 2, "-o", path("x.anl"), GENOME)
