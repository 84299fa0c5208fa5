#!/usr/bin/env python3
"""One answer, whatever the threads, the kernel level, the search path, the compression or the batch of the index build."""
from lib import *

# The scalar level is slow: it gets 48 kb of the genome and a twentieth of the reads.
want = None
small = write("small.fa", "".join(line + "\n" for line in read_gz(GENOME).splitlines()[:800]))
with gzip.open(small + ".gz", "wb") as f: f.write(open(small, "rb").read())
for threads in (1, 2, 3):
    for level in LEVELS if threads == 1 else LEVELS[-1:]:
        got = digest(index("small.anl", small, "-t", threads, env={"ANNEAL_KERNELS": level}))
        want = want or got
        check(got == want, f"-t {threads}, {level}: another index")
check(digest(index("small.anl", small + ".gz")) == want, "gzip FASTA: another index")

# Many batches: while one is aligned the last one is written and the next one read.
anl = index("g.anl")
want = body(run("align", "-K", 60000, anl, R1, R2)[0])
check(sum(1 for _ in records("\n".join(want))) == 10000, "records are missing")
for threads in (2, 3):
    check(body(run("align", "-K", 60000, "-t", threads, anl, R1, R2)[0]) == want, f"-t {threads}, many batches: other records")

R1, R2 = subset(250)
for name in (R1, R2):
    with gzip.open(name + ".gz", "wb") as f: f.write(open(name, "rb").read())
packed = R1 + ".gz", R2 + ".gz"
runs = [("-t", t) for t in (1, 2, 3)] + [("--search", "faiss"), ("--search", "faiss", "-t", 2)]
want = body(run("align", anl, R1, R2)[0])
check(sum(1 for _ in records("\n".join(want))) == 500, "records are missing")
for options in runs:
    check(body(run("align", *options, anl, R1, R2)[0]) == want, f"{options}: other records")
for level in LEVELS:
    check(body(run("align", anl, R1, R2, env={"ANNEAL_KERNELS": level})[0]) == want, f"{level}: other records")
check(body(run("align", anl, *packed)[0]) == want, "gzip: other records")
single = body(run("align", anl, R1)[0])
for options in runs:
    check(body(run("align", *options, anl, R1)[0]) == single, f"{options}, single: other records")
bams = set()
for threads in (1, 2, 3):
    run("align", "-t", threads, "--sort", "-o", path("s.bam"), anl, R1, R2)
    view = subprocess.run(["samtools", "view", path("s.bam")], capture_output=True, check=True).stdout if shutil.which("samtools") else b""
    bams.add(hashlib.md5(view).hexdigest())
check(len(bams) == 1, "sorted BAM depends on the threads")
