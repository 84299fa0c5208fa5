"""The stubs say what is there, and everything says what it is for."""
import ast
import inspect
import os

import anneal
from anneal import _core

FOLDER = os.path.dirname(anneal.__file__)


def test_stub_names():
    with open(os.path.join(FOLDER, "_core.pyi")) as f:
        stub = {n.name: n for n in ast.parse(f.read()).body if isinstance(n, (ast.ClassDef, ast.FunctionDef))}
    there = {n for n in dir(_core) if n[0] != "_"}
    assert there == set(stub)
    for name in ("Hit", "Session"):
        said = {n.name for n in stub[name].body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"}
        assert said == {n for n in dir(getattr(_core, name)) if n[0] != "_"}
    assert os.path.exists(os.path.join(FOLDER, "py.typed"))


def test_types_of_hits(index, contigs):
    with open(os.path.join(FOLDER, "_core.pyi")) as f:
        stub = next(n for n in ast.parse(f.read()).body if isinstance(n, ast.ClassDef) and n.name == "Hit")
    (hit,) = anneal.Aligner(index).map(contigs["chr1"][:150], cs=True, MD=True)
    for n in stub.body:
        if isinstance(n, ast.FunctionDef):
            assert type(getattr(hit, n.name)).__name__ == ast.unparse(n.returns).split("[")[0].lower(), n.name


def test_docstrings():
    for thing in (anneal, *(getattr(anneal, n) for n in anneal.__all__ if n != "__version__")):
        assert inspect.getdoc(thing), thing
        for name, member in vars(thing).items() if inspect.isclass(thing) else ():
            assert name[0] == "_" or inspect.getdoc(member), name
