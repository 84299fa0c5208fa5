#!/usr/bin/env python3
"""The wheel of the Python package builds by pip, without the network, and what it installs passes the package's tests."""
import zipfile
from lib import *

if any(f"ANNEAL_SANITIZE:STRING={s}" in open(os.path.join(os.path.dirname(ANNEAL), "CMakeCache.txt")).read() for s in ("address", "undefined", "thread")):
    skip("the wheel is built without a sanitizer")
wheels = os.path.join(SOURCE, ".cache", "wheels")
PYTHON = "/usr/bin/python3"  # whose packages Debian has

def command(*args):
    env = {k: v for k, v in os.environ.items() if k not in ("ANNEAL_MODEL", "PYTHONPATH", "PYTHONHOME")}
    env.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels, PIP_ROOT_USER_ACTION="ignore", PIP_CONFIG_FILE="/dev/null")
    p = subprocess.run(list(map(str, args)), capture_output=True, text=True, env=env, timeout=880, cwd=TEMP)
    check(p.returncode == 0, f"{args}: {p.stdout[-3000:]} {p.stderr[-3000:]}")
    return p.stdout

check(os.path.isdir(wheels), "there is no .cache/wheels: run ./install-packages")
def tree(): return {os.path.join(d, f) for d, folders, files in os.walk(os.path.join(SOURCE, "python")) for f in folders + files}
before = tree()
command(PYTHON, "-m", "venv", "--system-site-packages", path("venv"))
python = path("venv/bin/python")
command(python, "-m", "pip", "wheel", "--no-deps", "-w", path("dist"), os.path.join(SOURCE, "python"))
(wheel,) = os.listdir(path("dist"))
version = run("--version")[0].split()[-1]
check(wheel.startswith(f"anneal-{version}-cp39-abi3-linux_"), f"the wheel's name: {wheel}")
names = zipfile.ZipFile(path(f"dist/{wheel}")).namelist()
check({n for n in names if n.startswith("anneal/")} == {f"anneal/{n}" for n in ("__init__.py", "_core.abi3.so", "_core.pyi", "py.typed", "anneal-d128.anm")}, f"the wheel holds {names}")
command(python, "-m", "pip", "install", "--no-deps", path(f"dist/{wheel}"))
where = command(python, "-c", "import anneal; print(anneal.__file__)").strip()
check(where.startswith(path("venv")), f"anneal lies in {where}")
library = os.path.join(os.path.dirname(where), "_core.abi3.so")
shown = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout.split()[2::3]
check(shown == ["PyInit__core"], f"visible symbols: {shown[:20]}")
command(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", os.path.join(SOURCE, "python", "tests"))
check(tree() == before, f"left behind in the source tree: {tree() - before}")
