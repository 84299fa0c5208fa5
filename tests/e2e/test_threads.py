#!/usr/bin/env python3
"""No more threads are started than -t asks for, one that reads and one that writes for each batch, and the compressor's."""
from lib import *

build = os.path.dirname(ANNEAL)
if any(f"ANNEAL_SANITIZE:STRING={s}" in open(os.path.join(build, "CMakeCache.txt")).read() for s in ("address", "thread")):
    skip("a sanitizer replaces the same functions")
compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
preload = path("count.so")
if not compiler or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", preload, os.path.join(SOURCE, "tests", "e2e", "count_threads.c")], capture_output=True).returncode:
    skip("no compiler, or no glibc")
anl = index()
R1, R2 = subset(200)

def started(batches, *options):
    env = {"LD_PRELOAD": preload, "COUNT_THREADS": path("n"), "OPENBLAS_NUM_THREADS": "1"}
    run("align", "-v", 1, "--device", "cpu", "-t", 4, "-K", 400 * 151 // batches, *options, "-o", path("x.bam"), anl, R1, R2, env=env)
    return int(open(path("n")).read())

for options in ([], ["--sort"]):
    few, many = started(10, *options), started(50, *options)
    check(few >= 23 + 3, f"{options}: {few} threads: the count misses some")
    check(many - few <= 2 * 42, f"{options}: {many - few} threads for 40 batches more")
