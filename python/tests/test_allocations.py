"""Allocations that fail, one in each call: MemoryError, and the next call is right."""
import os
import subprocess
import sys

import pytest

import anneal
from conftest import SOURCE

SCRIPT = '''
import ctypes, sys
import anneal
from anneal import _core

(index,) = sys.argv[1:]
arm = ctypes.CDLL(None).fail_allocation
arm.argtypes, arm.restype = [ctypes.c_long], None


def attempt(n, call):
    """What call() gives while allocation n fails; None: it raised MemoryError, or OSError for want of memory."""
    result = None
    try:
        arm(n)
        result = call()
    except MemoryError:
        pass
    except OSError as e:
        if "memory" not in str(e):
            raise
    while True:
        try:
            arm(-1)
            return result
        except (MemoryError, ctypes.ArgumentError):  # there was one left to fail
            pass


def brief(batches):
    return [[(str(h), h.cigar, h.cigar_str) for h in hits] for hits in batches]


a = anneal.Aligner(index, all=True)
chr1 = a.seq("chr1", 0, 9000)
other = chr1[400:550][::-1].translate(str.maketrans("ACGT", "TGCA"))
reads = [chr1[100:250], chr1[300:380] + chr1[5000:5080], chr1[600:650] + "N" + chr1[651:750], "N" * 40, chr1[1000:2500]]
vectors = a.embed(reads[:4]).tobytes()


settings = anneal._settings({"min_score": 20})


def new():
    b = _core.Session(index, settings)
    return b.names, b.embed(reads[:2]), b.search(vectors, 20, 0)


calls = {
    "map": (1, lambda: brief([a.map(reads[0], cs=True, MD=True)])),
    "map, pair": (1, lambda: brief([a.map(reads[0], other)])),
    "map_batch": (3, lambda: brief(a.map_batch(reads, cs=True, MD=True))),
    "map_batch, pairs": (3, lambda: brief(a.map_batch([(reads[0], other)] * 3, cs=True, MD=True))),
    "seq": (1, lambda: (a.seq("chr1", 5, 5000), a.seq_names)),
    "embed": (1, lambda: a._session.embed(reads[:4])),  # beneath Python code, which NumPy and os.environ do not let fail well
    "search": (1, lambda: a._session.search(vectors, 3, 0)),
    "Session": (2, new),
}
for name, (step, call) in calls.items():
    want, passed, n, failed = call(), 0, 0, 0
    while passed < 20:  # further on there are no more allocations
        got = attempt(n, call)
        passed = passed + 1 if got is not None else 0
        failed += got is None
        assert got in (None, want), (name, n, got)
        assert n % 10 or call() == want, (name, n)
        n += step
    assert failed >= 2, (name, failed)
    print(name, failed)
'''


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has an allocator of its own")
def test_each_allocation(tmp_path, index):
    source = os.path.join(SOURCE, "tests", "e2e", "fail_allocation.c")
    library = tmp_path / "fail.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    env = {**os.environ, "LD_PRELOAD": str(library), "PYTHONMALLOC": "malloc", "OPENBLAS_NUM_THREADS": "1",
           "PYTHONPATH": os.path.dirname(os.path.dirname(anneal.__file__))}
    p = subprocess.run([sys.executable, "-c", SCRIPT, index], capture_output=True, text=True, env=env, timeout=300)
    assert p.returncode == 0, p.stdout[-2000:] + p.stderr[-3000:]
