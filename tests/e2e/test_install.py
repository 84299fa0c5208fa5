#!/usr/bin/env python3
"""After installation the program finds its model, and a client builds against libanneal by pkg-config and by CMake."""
from lib import *

if "build-asan" in ANNEAL or "build-tsan" in ANNEAL: skip("a client is not built with sanitizers")
build, prefix = os.path.dirname(ANNEAL), path("prefix")

def sh(*args, **env):
    p = subprocess.run(args, capture_output=True, text=True, env={**os.environ, **env}, timeout=120)
    check(p.returncode == 0, f"{' '.join(args)}: {p.stdout}{p.stderr}")
    return p.stdout

sh("cmake", "--install", build, "--prefix", prefix)
lib = os.path.dirname(subprocess.run(["find", prefix, "-name", "libanneal.so"], capture_output=True, text=True).stdout.split("\n")[0])
for name in ("bin/anneal", "share/anneal/anneal-d128.anm", "share/man/man1/anneal.1", "include/anneal.h"):
    check(os.path.exists(os.path.join(prefix, name)), f"{name} is not installed")
anl = path("g.anl")
sh(os.path.join(prefix, "bin", "anneal"), "index", "-o", anl, GENOME)
symbols = sh("nm", "-D", "--defined-only", os.path.join(lib, "libanneal.so"))
names = sorted(line.split()[-1].split("@")[0] for line in symbols.splitlines() if " T " in line)
check(names == ["anl_error", "anl_session_align", "anl_session_close", "anl_session_contig", "anl_session_contigs", "anl_session_open"], f"libanneal shows {names}")

genome = "".join(read_gz(GENOME).split(">")[1].split("\n")[1:]).upper()
env = {"LD_LIBRARY_PATH": lib, "ANNEAL_MODEL": os.path.join(prefix, "share", "anneal", "anneal-d128.anm")}
source = os.path.join(SOURCE, "tests", "e2e", "client")
with open(os.path.join(lib, "pkgconfig", "anneal.pc")) as f: pc = f.read()
moved = write("anneal.pc", "\n".join("prefix=" + prefix if line.startswith("prefix=") else line for line in pc.split("\n")))
flags = sh("pkg-config", "--cflags", "--libs", "anneal", PKG_CONFIG_PATH=TEMP).split()
sh("cc", "-o", path("client"), os.path.join(source, "client.c"), *flags)
want = "3 chr1 chr1 5001 1"
check(sh(path("client"), anl, genome[5000:5150], **env).strip() == want, "client by pkg-config")
sh("cmake", "-S", source, "-B", path("client-build"), f"-DCMAKE_PREFIX_PATH={prefix}")
sh("cmake", "--build", path("client-build"))
check(sh(os.path.join(TEMP, "client-build", "client"), anl, genome[5000:5150], **env).strip() == want, "client by CMake")
done()
