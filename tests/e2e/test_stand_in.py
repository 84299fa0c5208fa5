#!/usr/bin/env python3
"""The GPU's code, run on the CPU (tests/stand_in), makes the same records: adaptive search, pairs, all candidates, little memory."""
from lib import *

stand_in = os.environ.get("ANNEAL_STAND_IN")
if not stand_in: skip("not built")
anl, (one, two) = index(), subset(40)

def align(program, *options, env=None):
    p = subprocess.run([program, "align", *map(str, options)], capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=380)
    check(p.returncode == 0, f"{program} align {options}: {p.stderr}")
    return body(p.stdout)

for options in ([anl, one, two], ["-k", 3, anl, one]):
    want = align(ANNEAL, "--device", "cpu", *options)
    for threads in (1, 3):
        check(align(stand_in, "--device", "cuda", "-t", threads, *options) == want, f"-t {threads} {options}: other records")
