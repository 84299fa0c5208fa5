#!/usr/bin/env python3
"""BAM, CRAM and SAM in BGZF that end where a block does, but not the file: refused, from a file and from a pipe."""
import struct
from lib import *

if not shutil.which("samtools"): skip("no samtools")
anl = index()
fq = write("r.fq", "".join(f"@r{i}\n{line}\n+\n{'I' * len(line)}\n" for i, line in enumerate(read_gz(R1).splitlines()[1:2400:4])))

def samtools(*args):
    subprocess.run(["samtools", *args], check=True, stderr=subprocess.DEVNULL)

def bgzf_blocks(data):
    at = 0
    while at < len(data):
        at += struct.unpack_from("<H", data, at + 16)[0] + 1
        yield at

samtools("import", "-0", fq, "-o", path("u.bam"))
samtools("view", "-h", "-O", "SAM,level=6", "-o", path("u.sam.gz"), path("u.bam"))
samtools("view", "-C", "--output-fmt-option", "no_ref=1", "--output-fmt-option", "seqs_per_slice=100", "-o", path("u.cram"), path("u.bam"))
for name, least in (("u.bam", 3), ("u.sam.gz", 2), ("u.cram", 1)):
    data = open(path(name), "rb").read()
    ends = list(bgzf_blocks(data))[:-1] if name != "u.cram" else [len(data) - 38]
    check(len(ends) >= least, f"{name}: only {len(ends)} blocks")
    run("align", anl, path(name))
    for end in ends:
        cut = write("cut." + name, data[:end])
        refused("align", "-o", path("out.bam"), anl, cut, says=f"cut.{name}: truncated")
        for status, whole in ((1, data[:end]), (0, data)):
            p = subprocess.run([ANNEAL, "align", "-o", path("out.bam"), anl, "-"], input=whole, capture_output=True)
            check(p.returncode == status and (not status or b"standard input: truncated" in p.stderr), f"{name} from a pipe: {p.returncode} {p.stderr}")
            if not status: os.remove(path("out.bam"))

# A run that fails ends no pipe as a whole file ends.
broken = write("broken.fq", open(fq).read() + "@last\nACGT\n+\nII\n")
for form, sort in (("bam", ()), ("cram", ()), ("sam.gz", ()), ("bam", ("--sort",))):
    for reads, status in ((broken, 1), (fq, 0)):
        with open(path("piped"), "wb") as to:
            p = subprocess.run([ANNEAL, "align", "-K", "20000", "--output-format", form, *sort, anl, reads], stdout=to, stderr=subprocess.PIPE)
        whole = subprocess.run(["samtools", "quickcheck", path("piped")], stderr=subprocess.DEVNULL).returncode == 0
        check(p.returncode == status and whole == (not status), f"{form} {sort}: status {p.returncode}, {'whole' if whole else 'cut off'}")

# What the line about other compressions says to type works.
if shutil.which("bash") and shutil.which("bzip2"):
    packed = path("r.fq.bz2")
    subprocess.run(["bzip2", "-kc", fq], stdout=open(packed, "wb"), check=True)
    said = run("align", anl, packed, status=1)[1].strip()
    want = body(run("align", anl, fq)[0])[4:]
    instead, before = said.split("give ")[1].split(" in its")[0], said.split("behind '")[1].split("'")[0]
    for line in (f"{ANNEAL} align {anl} {instead}", f"{before} {ANNEAL} align {anl} -", f"{ANNEAL} align {anl} {instead} {instead}"):
        p = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
        if not line.endswith(f"{instead} {instead}"): check(body(p.stdout)[4:] == want, line)
