#!/usr/bin/env python3
"""Building an index holds the vectors once; aligning needs the mapped file and little more."""
from lib import *

cache = open(os.path.join(os.path.dirname(ANNEAL), "CMakeCache.txt")).read()
if "ANNEAL_SANITIZE:STRING=\n" not in cache: skip("a sanitizer needs memory of its own")

def peak(*args):
    """MiB of memory that anneal had at most."""
    p = subprocess.Popen([ANNEAL, *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    check(p.returncode == 0, f"{args}: {p.returncode} {said}")
    return usage.ru_maxrss / 1024

anl = path("dense.anl")
got = peak("index", "--device", "cpu", "--window", 20, "--stride", 1, "-o", anl, GENOME)  # many windows that are quickly embedded
size = os.path.getsize(anl) / 2**20
check(size > 20, f"an index of {size:.1f} MiB tells nothing")
check(got < 1.3 * size + 16, f"index: {got:.1f} MiB for a file of {size:.1f} MiB")
got = peak("align", "-v", 1, "--device", "cpu", "-t", 2, "-o", "/dev/null", anl, *subset(500))
check(got < size + 100, f"align: {got:.1f} MiB with an index of {size:.1f} MiB")
