#!/usr/bin/env python3
"""From where the CUDA module is loaded, and what happens where it, or the GPU, will not do. With a module and a driver made for this test."""
import glob, re
from lib import *

build = os.path.dirname(ANNEAL)
MODULE = os.path.join(build, "test-module", "anneal-cuda.so")
sanitized = "ANNEAL_SANITIZE:STRING=\n" not in open(os.path.join(build, "CMakeCache.txt")).read()
anl = index("genome.anl", GENOME, "--device", "cpu")
reads = subset(50)

def folder(*parts):
    os.makedirs(path(os.path.join(*parts)), exist_ok=True)
    return path(os.path.join(*parts))

def program(where, module=None):
    """A copy of the program in a folder of its own, with a module beside it."""
    to = shutil.copy(ANNEAL, folder(where))
    if module: shutil.copy(module, folder(where))
    return to

def outputs(program, *args, cwd=None, status=0, stdin=None, **env):
    env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(build, "test-driver"), "ANNEAL_MODEL": os.path.join(SOURCE, "data", "model", "anneal-d128.anm"), **env}
    p = subprocess.run([program, *map(str, args)], cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=120)
    check(p.returncode == status, f"{program} {args}: {p.returncode} {p.stdout[-1000:]} {p.stderr}")
    return p.stdout, p.stderr

def call(*args, **more):
    return "".join(outputs(*args, **more))

def devices(program, **more):
    return call(program, "devices", **more).splitlines()[1]

# ---- where it is looked for ----
GPU = "cuda:0\tTest GPU"
alone, beside = program("alone"), program("beside", MODULE)
check(devices(beside).startswith(GPU), devices(beside))
check(devices(alone) == "cuda\tthis anneal has no CUDA module", devices(alone))
shutil.copy(MODULE, folder("here"))
for name, cwd, more in (("anneal", folder("here"), {"PATH": folder("alone")}), ("../alone/anneal", folder("here"), {})):
    check(devices(name, cwd=cwd, **more) == "cuda\tthis anneal has no CUDA module", f"{name}: the module of the current folder is loaded: {devices(name, cwd=cwd, **more)}")
check(devices("anneal", cwd=folder("empty"), PATH=folder("beside")).startswith(GPU), "not found through PATH")
os.symlink(beside, os.path.join(folder("link"), "anneal"))
check(devices("anneal", PATH=folder("link")).startswith(GPU), "not found through a link")
installed = program(os.path.join("prefix", "bin"))
for line in open(os.path.join(build, "CMakeCache.txt")):
    if line.startswith("CMAKE_INSTALL_LIBDIR:"): libdir = line.split("=")[1].strip()
shutil.copy(MODULE, folder("prefix", libdir, "anneal"))
check(devices(installed).startswith(GPU), f"not found in {libdir}/anneal")

# ---- what it must be ----
code = open(MODULE, "rb").read()
version = re.search(rb"\d+\.\d+\.\d+-[0-9a-f]{16}", code)
check(version and version[0] in open(ANNEAL, "rb").read(), "program and module have no version")
other = write("anneal-cuda.so", code.replace(version[0], version[0][::-1]))
said = devices(program("other", other))
check("is of another version" in said, said)
check("is of another version" in call(path("other/anneal"), "align", "--device", "cuda", anl, *reads, status=1), "a module of another version is used")
check("cannot be loaded" in devices(program("text", write("anneal-cuda.so", "no library"))), "a text file is a module")

# ---- libanneal finds it beside itself, and not where it was loaded by a name that depends on the place ----
CLIENT = """
import ctypes, sys
class Setting(ctypes.Structure): _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]
lib = ctypes.CDLL(sys.argv[1])
lib.anl_error.restype = ctypes.c_char_p
session = ctypes.c_void_p()
lib.anl_session_open(ctypes.byref(session), sys.argv[2].encode(), (Setting * 1)((b"device", b"cuda")), 1)
print(lib.anl_error().decode())
"""
library = os.path.realpath(glob.glob(os.path.join(build, "**", "libanneal.so"), recursive=True)[0])
if not sanitized:
    for where, module, name, says in (("lib", MODULE, path("lib/libanneal.so"), "GPU: embedding: it is none"), ("lib2", None, path("lib2/libanneal.so"), "this anneal has no CUDA module"),
                                      ("lib", None, "./libanneal.so", "the folder of anneal, where its CUDA module is, cannot be told")):
        shutil.copy(library, os.path.join(folder(where), "libanneal.so"))
        if module: shutil.copy(module, folder(where))
        said = call(sys.executable, "-c", CLIENT, name, anl, cwd=folder(where))
        check(says in said, f"{name}: {said}")

# ---- what is done where the GPU will not do ----
want = body(run("align", "-v", 1, "--device", "cpu", anl, *reads)[0])
def piped(device, verbosity=2, **more):
    """Reads of which the program cannot tell how many there are."""
    return outputs(beside, "align", "-v", verbosity, "--device", device, anl, "-", stdin=open(reads[0]).read(), **more)

single = body(run("align", "-v", 1, "--device", "cpu", anl, reads[0])[0])
out, said = piped("auto", ANNEAL_GPU_MEMORY="100000")
check(body(out) == single, "too small a GPU: other records")
check(said.count("aligning on the CPU: the index needs ") == 1, f"too small a GPU: not told once: {said}")
out, said = piped("auto", 1, ANNEAL_GPU_MEMORY="100000")
check(body(out) == single and said == "", f"-v 1: {said}")
check("aligning on the CPU: GPU: start: all devices are busy" in piped("auto", ANNEAL_GPU_BUSY="1")[1], "a busy GPU ends the run")
check("the index needs " in piped("cuda", ANNEAL_GPU_MEMORY="100000", status=1)[1], "--device cuda: goes on without")
check("GPU: embedding: it is none" in piped("auto", status=1)[1], "a GPU that fails is passed over")  # it may be at fault: no silent change
said = call(beside, "align", "-v", 3, "--device", "auto", "-o", path("few.sam"), anl, *reads)
check("aligning on the CPU: the reads are few" in said, f"a GPU for few reads: {said}")
check(body(open(path("few.sam")).read()) == want, "few reads: other records")
call(beside, "index", "-o", path("small.anl"), GENOME)  # few bases: the GPU is not asked
check(digest(path("small.anl")) == digest(anl), "another index")
check("GPU: embedding: it is none" in call(beside, "index", "--device", "cuda", "-o", path("none.anl"), GENOME, status=1), "--device cuda: the GPU was not asked")
