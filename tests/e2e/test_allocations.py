#!/usr/bin/env python3
"""Allocations that fail, one in each run: one clear line and no file, or the same answer as ever."""
from lib import *

cache = open(os.path.join(os.path.dirname(ANNEAL), "CMakeCache.txt")).read()
if any(f"ANNEAL_SANITIZE:STRING={s}" in cache for s in ("address", "thread")): skip("a sanitizer has an allocator of its own")
if "ANNEAL_COVERAGE:BOOL=ON" in cache: skip("gcov does not live through a failing allocation")
compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
preload = path("fail.so")
if not compiler or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", preload, os.path.join(SOURCE, "tests", "e2e", "fail_allocation.c")], capture_output=True).returncode:
    skip("no compiler, or no glibc")

START = 30  # the libraries' own, before main, and C++'s reserve for exceptions
fasta = write("tiny.fa", "".join(line + "\n" for line in read_gz(GENOME).splitlines()[:20]))
anl = index("tiny.anl", fasta)
R1, R2 = subset(10)
before = set(os.listdir(TEMP))

def fail_each(step, *command, library=False):
    """`library`: FAISS or libgomp ends the process when an allocation of its parallel loops fails; then no file may be left all the same."""
    out, answers, passed, n = path("out"), set(), 0, START
    while passed < 20:  # further on there are no more allocations
        p = subprocess.run([ANNEAL, *command, out], capture_output=True, text=True, timeout=60,
                           env={**os.environ, "LD_PRELOAD": preload, "FAIL_AT": str(n), "OPENBLAS_NUM_THREADS": "1"})
        left = set(os.listdir(TEMP)) - before
        what = f"{command}, allocation {n}: status {p.returncode}, said {p.stderr}, left {left}"
        if p.returncode == 0:
            passed += 1
            check(left in ({"out"}, {"out", "out.bai"}), what)
            answers.add(digest(out))
            for f in left: os.remove(path(f))
        else:
            passed = 0
            check(not left, what)
            said = p.stderr.splitlines()
            check(p.returncode == 1 and len(said) == 1 and said[0].startswith("anneal: ") or library and ("bad_alloc" in p.stderr or "libgomp: " in p.stderr), what)
        n += step
    check(len(answers) == 1, f"{command}: {len(answers)} different answers")

# Looking for a GPU is left out: the loader of shared libraries does not live through a failing allocation.
fail_each(29, "align", "-v", "1", "--device", "cpu", anl, R1, R2, "-o")
fail_each(37, "align", "-v", "1", "--device", "cpu", "-x", "diverged", anl, R1, R2, "-o")
fail_each(31, "align", "-v", "1", "--device", "cpu", "--output-format", "bam", "--sort", anl, R1, "-o")
fail_each(31, "align", "-v", "1", "--device", "cpu", "--output-format", "bam", "--sort", "--mark-duplicates", "--optical-distance", "9", anl, R1, R2, "-o")
halves = [open(f).read().split("\n")[1][:120] for f in (R1, R2)]
tagged = write("tagged.sam", f"@RG\tID:g\n@PG\tID:p\nr\t4\t*\t0\t0\t*\t*\t0\t0\t{''.join(halves)}\t{'I' * 240}\tRG:Z:g\tOQ:Z:{'J' * 240}\tMM:Z:C+m,0,1;\tML:B:C,1,2\tMN:i:240\n")
before = set(os.listdir(TEMP))
fail_each(7, "align", "-v", "1", "--device", "cpu", anl, tagged, "-o")
fail_each(31, "align", "-v", "1", "--device", "cpu", anl, "--lane", f"{R1},{R2},@RG\\tID:a", "--lane", f"{tagged},@RG\\tID:b", "-o")
fail_each(1, "index", "--device", "cpu", fasta, "-o")
two = write("two.fa", open(fasta).read() + ">alt\n" + "".join(open(fasta).read().split("\n")[5:15]) + "\n")
names = write("two.alt", "alt\t0\nother\n")
with_alt = index("two.anl", two, "--alt", names)
before = set(os.listdir(TEMP))
fail_each(7, "index", "--device", "cpu", "--alt", names, two, "-o")
fail_each(53, "align", "-v", "1", "--device", "cpu", with_alt, R1, R2, "-o")
fail_each(1, "export-faiss", anl, library=True)
