#!/usr/bin/env python3
"""What is installed stands on its own: a client builds by pkg-config and by CMake, and aligns with the installed model."""
from lib import *

build = os.path.dirname(ANNEAL)
if any(f"ANNEAL_SANITIZE:STRING={s}" in open(os.path.join(build, "CMakeCache.txt")).read() for s in ("address", "thread")):
    skip("a client would have to be built with the sanitizer too")
if not shutil.which("cmake") or not shutil.which("pkg-config"): skip("no cmake or pkg-config")
prefix = path("prefix")

def command(*args, **env):
    env = {**{k: v for k, v in os.environ.items() if k != "ANNEAL_MODEL"}, **env}
    p = subprocess.run(list(map(str, args)), capture_output=True, text=True, env=env, timeout=120)
    check(p.returncode == 0, f"{args}: {p.stdout[-2000:]} {p.stderr[-2000:]}")
    return p.stdout

command("cmake", "--install", build, "--prefix", prefix)
files = [os.path.relpath(os.path.join(d, f), prefix) for d, _, names in os.walk(prefix) for f in names]
for end in ("bin/anneal", "include/anneal.h", "share/anneal/anneal-d128.anm", "man1/anneal.1", "bash-completion/completions/anneal", "site-functions/_anneal", "pkgconfig/anneal.pc", "annealConfig.cmake",
            "doc/anneal/LICENSE", "doc/anneal/CHANGELOG.md", "doc/anneal/CITATION.cff", "doc/anneal/examples/example.c"):
    check(any(f.endswith(end) for f in files), f"{end} is not installed: {files}")
check(not any("_core" in f for f in files), f"the Python package is pip's and Debian's to install: {files}")
page = open(os.path.join(prefix, next(f for f in files if f.endswith("man1/anneal.1")))).read()
check(".SH EXAMPLES\n" in page and "anneal index \\-t 4 \\-o ref.anl ref.fa.gz" in page, "the man page has no examples")
libdir = os.path.join(prefix, next(os.path.dirname(f) for f in files if "libanneal." in f))
library = next(os.path.join(libdir, f) for f in os.listdir(libdir) if f.startswith("libanneal.so"))
symbols = {line.split()[-1].split("@")[0] for line in command("nm", "-D", "--defined-only", library).splitlines()}
check(symbols and all(s.startswith("anl_session_") or s in ("anl_build", "anl_error") for s in symbols), f"visible symbols: {sorted(symbols)[:20]}")

anl = path("genome.anl")
installed = os.path.join(prefix, "bin", "anneal")
command(installed, "index", "-o", anl, GENOME)
contigs = {c.split(" ")[0]: "".join(c.split("\n")[1:]) for c in read_gz(GENOME).split(">")[1:]}
read = contigs["chr1"][5000:5150]
mate = contigs["chr1"][5250:5400][::-1].translate(str.maketrans("ACGT", "TGCA"))
client = os.path.join(prefix, next(f for f in files if f.endswith("examples/example.c")))
flags = command("pkg-config", "--cflags", "--libs", "anneal", PKG_CONFIG_PATH=os.path.join(libdir, "pkgconfig")).split()
command(os.environ.get("CC", "cc"), "-Wall", "-Wextra", "-Werror", "-o", path("client"), client, *flags, f"-Wl,-rpath,{libdir}")
shutil.copy(client, path("client.cpp"))
command(os.environ.get("CXX", "c++"), "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-std=c++20", "-o", path("client-cpp"), path("client.cpp"), *flags, f"-Wl,-rpath,{libdir}")
project = path("project")
os.mkdir(project)
with open(os.path.join(project, "CMakeLists.txt"), "w") as f:
    f.write(f"cmake_minimum_required(VERSION 3.25)\nproject(client C)\nfind_package(anneal 0.2 REQUIRED)\nadd_executable(client {client})\n"
            "target_link_libraries(client PRIVATE anneal::anneal)\n")
command("cmake", "-G", "Ninja", "-S", project, "-B", path("project-build"), f"-DCMAKE_PREFIX_PATH={prefix}")
command("cmake", "--build", path("project-build"))

# The library finds the model in its own prefix even though the client lies elsewhere.
for program in (path("client"), path("client-cpp"), os.path.join(path("project-build"), "client")):
    def example(*reads):
        return [line.split("\t") for line in command(program, anl, *reads).splitlines()]
    exact = ["NM:i:0", "MD:Z:150", "AS:i:150"]
    (got,) = example(read)
    check(got[:4] == ["1", "0", "chr1", "5001"] and int(got[4]) >= 20 and got[5:10] == ["150M", "0", *exact], f"{program}: {got}")
    first, second = example(read, mate)
    check(first[:4] == ["1", "99", "chr1", "5001"] and first[5:10] == ["150M", "400", *exact], f"{program}: {first}")
    check(second[:4] == ["2", "147", "chr1", "5251"] and second[5:10] == ["150M", "-400", *exact], f"{program}: {second}")
    first, second = example(read, "N" * 50)
    check(first[:4] == ["1", "73", "chr1", "5001"] and second == ["2", "133", "chr1", "5001", "0", "*", "0"], f"{program}: {first} {second}")
    check(example("N" * 50) == [["1", "4", "*", "0", "0", "*", "0"]], f"{program}: a read that is nowhere")
p = subprocess.run([path("client"), path("nothing.anl"), read], capture_output=True, text=True)
check(p.returncode == 1 and "No such file" in p.stderr, f"a missing index: {p.stderr}")
