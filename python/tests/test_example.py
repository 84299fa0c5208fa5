"""The example runs, with matplotlib and without."""
import os
import subprocess
import sys

import pytest

import anneal
from conftest import SOURCE

EXAMPLE = os.path.join(SOURCE, "python", "examples", "plot_embedding.py")


def run(tmp_path, *args, before=""):
    code = f"{before}import sys; sys.argv[0] = {EXAMPLE!r}; exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'), {{'__name__': '__main__', '__file__': sys.argv[0]}})"
    env = {**os.environ, "MPLCONFIGDIR": str(tmp_path), "PYTHONPATH": os.path.dirname(os.path.dirname(anneal.__file__))}
    return subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True, env=env, timeout=300).stdout


def test_table(tmp_path, contigs, fasta):
    out = tmp_path / "e.png"
    said = run(tmp_path, fasta, "-o", str(out), before="import sys; sys.modules['matplotlib'] = None; ")
    table = tmp_path / "e.tsv"
    assert said.startswith(f"{table}: the numbers") and not out.exists()
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    kinds = {kind: [(float(x), float(y)) for k, x, y, _ in rows[1:] if k == kind] for kind in ("window", "changed", "shifted", "read")}
    assert len(kinds["window"]) > 1500 and len(kinds["read"]) == 400
    for kind in "changed", "shifted":
        values = [y for _, y in kinds[kind]]
        assert values[0] == 1 and values == sorted(values, reverse=True)  # farther is less near
    assert sum(abs(x - y) <= 200 for x, y in kinds["read"]) > 380


def test_picture(tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "e.png"
    assert run(tmp_path, "-o", str(out)) == f"{out}\n"
    assert out.read_bytes().startswith(b"\x89PNG") and out.stat().st_size > 10000
