#!/usr/bin/env python3
"""The whole way through a GPU without one: the program as it is, with the CUDA code that tests/stand_in compiles for the CPU as its module. It gives the CPU's
records: adaptive search, long reads, many neighbours, -x diverged, and where memory is short; and its index, with several lists."""
from lib import *

build = os.path.dirname(ANNEAL)
program = shutil.copy(ANNEAL, os.path.join(TEMP, "anneal"))
shutil.copy(os.path.join(build, "stand-in", "anneal-cuda.so"), TEMP)
anl = index("genome.anl", GENOME, "--device", "cpu")

def call(*args, status=0, **env):
    env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(build, "test-driver"), "ANNEAL_MODEL": os.path.join(SOURCE, "data", "model", "anneal-d128.anm"), **env}
    p = subprocess.run([program, *map(str, args)], env=env, capture_output=True, text=True, timeout=380)
    check(p.returncode == status, f"{args}: {p.returncode} {p.stderr}")
    return p.stdout, p.stderr

check("\ncuda:0\tstand-in\t" in call("devices")[0], call("devices")[0])
pairs = subset(60)
contig = read_gz(GENOME).split(">")[1].split("\n", 1)[1].replace("\n", "")
changed = "".join(c if i % 9 else "ACGT"[i // 9 % 4] for i, c in enumerate(contig[4000:9000]))
long_read = write("long.fa", f">long\n{changed}\n>copy\n{contig[7000:7150]}\n>none\n{'ACGGT' * 30}\n>n\n{'N' * 100}\n")
def same(what, *args, **env):
    want = body(run("align", "-v", 1, "--device", "cpu", anl, *args)[0])
    out, said = call("align", "-v", 2, "--device", "cuda", anl, *args, **env)
    check(body(out) == want and len(want) > 3, f"{what}: other records than the CPU's")
    return said

said = same("pairs", *pairs, ANNEAL_GPU_TIMES="1")
for family in ("products", "attention", "light sums", "scores", "votes", "scans of lists", "search, whole calls"):
    check(any(line.startswith(family + "\t") and line.endswith(" times") for line in said.splitlines()), f"no time of {family}: {said}")
check("whole calls" not in same("long and odd reads", long_read), "times are told unasked")
same("three threads, many neighbours", "-t", 3, "-k", 100, *subset(10))
same("-x diverged", "-x", "diverged", *subset(4))

few = write("few.fa", f">few\n{contig[:42000]}\n")
windows = ("--window", 40, "--stride", 40)
index("cpu.anl", few, "--device", "cpu", *windows)
said = call("index", "-v", "--device", "cuda", "-t", 2, *windows, "-o", path("gpu.anl"), few)[1]
check("embedded on stand-in" in said, said)
check(digest(path("gpu.anl")) == digest(path("cpu.anl")), "another index than the CPU's")
