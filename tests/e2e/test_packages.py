#!/usr/bin/env python3
"""What is published agrees with the tree: the Debian packages' files and dependencies, the recipe for bioconda, the Dockerfile, and the version wherever it stands."""
import json, re
from lib import *

build = os.path.dirname(ANNEAL)
cache = open(os.path.join(build, "CMakeCache.txt")).read()
PYTHON = "/usr/bin/python3"  # whose packages Debian has

def command(*args, cwd=None):
    p = subprocess.run(list(map(str, args)), capture_output=True, text=True, timeout=380, cwd=cwd)
    check(p.returncode == 0, f"{args}: {p.stdout[-2000:]} {p.stderr[-2000:]}")
    return p.stdout

def source(*names):
    return open(os.path.join(SOURCE, *names)).read()

# CMakeLists.txt is where the version is set; files that cannot ask it are held to it.
version = re.search(r"project\(anneal VERSION (\S+)", source("CMakeLists.txt"))[1]
check(run("--version")[0].split()[-1] == version, "anneal --version")
for name, pattern in (("CITATION.cff", r"^version: (\S+)"), ("CHANGELOG.md", r"^## (\S+)"), ("packaging/bioconda/meta.yaml", r'^{% set version = "(.*?)" %}')):
    found = re.search(pattern, source(name), re.M)
    check(found and found[1] == version, f"{name} has another version than {version}: {found}")

# What quickstart builds, and the commands that it ends with, which a newcomer types next.
quick = next(p for p in json.loads(source("CMakePresets.json"))["configurePresets"] if p["name"] == "quick")["cacheVariables"]
check(all(quick[f"ANNEAL_{part}"] == "OFF" for part in ("TESTS", "BENCHMARKS", "CUDA")) and "cmake --preset quick" in source("quickstart"), quick)
for given, name in ((GENOME, "ref.fa.gz"), (R1, "reads_1.fq.gz"), (R2, "reads_2.fq.gz")):
    shutil.copy(given, path(name))
os.symlink(build, path("build"))
last = [line.strip() for line in source("quickstart").split("<<EOF\n")[1].splitlines() if line.startswith("  ")]
check("anneal=build/anneal\n" in source("quickstart") and len(last) == 3 and all(line.startswith("$anneal ") for line in last), last)
for line in last:
    command("bash", "-c", line.replace("$anneal", "build/anneal"), cwd=TEMP)
check(os.path.exists(path("sample.bam.bai")), "quickstart's last words leave no sorted BAM")

# The recipe, as it is and as packaging/release writes it, rendered as conda-build does for Linux.
RENDER = r"""
import jinja2, json, sys, yaml
text = "\n".join(line for line in open(sys.argv[1]).read().split("\n") if "# [not linux]" not in line)
env = jinja2.Environment(undefined=jinja2.StrictUndefined)
print(json.dumps(yaml.safe_load(env.from_string(text).render(compiler=lambda language: language + "-compiler", pin_subpackage=lambda name, max_pin: name + " " + max_pin))))
"""
def rendered(file):
    return json.loads(command(PYTHON, "-c", RENDER, file))

if subprocess.run([PYTHON, "-c", "import jinja2, yaml"], capture_output=True).returncode == 0:
    recipe = rendered(os.path.join(SOURCE, "packaging/bioconda/meta.yaml"))
    check(recipe["package"] == {"name": "anneal", "version": version}, recipe["package"])
    check(os.path.samefile(os.path.join(SOURCE, "packaging/bioconda", recipe["source"][0]["path"]), SOURCE), recipe["source"])
    about = recipe["about"]
    check(about["license"] == "MIT" and "MIT License" in source(about["license_file"]) and about["summary"], about)
    check(recipe["build"]["number"] == 0 and recipe["build"]["run_exports"], recipe["build"])
    needed = {"htslib", "libblas", "libfaiss", "liblapack", "xxhash", "zlib"}
    check(set(recipe["requirements"]["host"]) == needed and {"c-compiler", "cxx-compiler"} <= set(recipe["requirements"]["build"]), recipe["requirements"])
    for c in recipe["test"]["commands"][1:3]:  # what it tries works here
        shutil.copytree(os.path.join(SOURCE, "data"), path("data"), dirs_exist_ok=True)
        command("bash", "-c", f"export PATH={build}:$PATH; {c}", cwd=TEMP)
    if shutil.which("git") and subprocess.run(["git", "-C", SOURCE, "cat-file", "-e", "HEAD:packaging/bioconda/meta.yaml"], capture_output=True).returncode == 0:
        command("bash", os.path.join(SOURCE, "packaging/release"), "https://example.org/anneal", "https://example.org/anneal.tar.gz", path("release"))
        released = rendered(path("release/recipes/anneal/meta.yaml"))
        archive = path(f"release/anneal-{released['package']['version']}.tar.gz")
        sum = hashlib.sha256(open(archive, "rb").read()).hexdigest()
        check(released["source"][0] == {"url": "https://example.org/anneal.tar.gz", "sha256": sum}, released["source"])
        check(released["about"]["home"] == "https://example.org/anneal", released["about"])
        check(f"anneal-{released['package']['version']}/CMakeLists.txt" in command("tar", "tzf", archive), "the archive")
command("bash", "-n", os.path.join(SOURCE, "packaging/bioconda/build.sh"))

# The image ends on a stage that has nothing of the one that builds but the package.
stages = source("packaging", "Dockerfile").split("\nFROM ")[1:]
check(len(stages) == 2 and all(s.startswith("debian:12-slim") for s in stages), "the Dockerfile's stages")
check("COPY --from=build /packages/" in stages[1] and "COPY ." not in stages[1] and not re.search(r"gcc|g\+\+|cmake|install-packages|libhts-dev", stages[1]), stages[1])

if any(line in cache for line in ("ANNEAL_SANITIZE:STRING=address", "ANNEAL_SANITIZE:STRING=undefined", "ANNEAL_SANITIZE:STRING=thread", "ANNEAL_COVERAGE:BOOL=ON")) or not shutil.which("dpkg-shlibdeps"):
    print("no Debian packages: the build has a sanitizer or counts coverage, or there is no dpkg-dev")
    sys.exit(0)
command("cpack", "-G", "DEB", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", path("debs"), "-D", "CPACK_PACKAGE_CONTACT=A Name <name@debian.org>")
debs = {f.split("_")[0]: path(f"debs/{f}") for f in os.listdir(path("debs")) if f.endswith(".deb")}
check(sorted(debs) == ["anneal", "libanneal-dev", "python3-anneal"], sorted(debs))
LIB = r"usr/lib/(?:[^/]+-linux-gnu/)?"
WANT = {
    "anneal": ["usr/bin/anneal", LIB + r"libanneal\.so\.\d+\.\d+", LIB + r"libanneal\.so\.[\d.]+", "usr/share/anneal/anneal-d128.anm", r"usr/share/man/man1/anneal\.1\.gz",
               "usr/share/bash-completion/completions/anneal", "usr/share/zsh/site-functions/_anneal", r"usr/share/doc/anneal/changelog\.gz", r"usr/share/doc/anneal/CITATION\.cff"],
    "libanneal-dev": ["usr/include/anneal.h", "usr/include/anneal_codes.h", LIB + r"libanneal\.so", LIB + "pkgconfig/anneal.pc", "usr/share/doc/anneal/examples/example.c"]
                     + [LIB + f"cmake/anneal/anneal{f}.cmake" for f in ("Config", "ConfigVersion", "Targets", r"Targets-\w+")],
    "python3-anneal": [f"usr/lib/python3/dist-packages/anneal/{f}" for f in (r"__init__\.py", r"_core\.abi3\.so", r"_core\.pyi", r"py\.typed", r"anneal-d128\.anm")]
                      + [rf"usr/lib/python3/dist-packages/anneal-{re.escape(version)}\.dist-info/METADATA"],
}
for name, deb in debs.items():
    listing = [line.split(None, 5) for line in command("dpkg-deb", "-c", deb).splitlines()]
    files = {line[5].split(" -> ")[0].removeprefix("./") for line in listing if line[0][0] != "d"}
    want = WANT[name] + [f"usr/share/doc/{name}/copyright", rf"usr/share/doc/{name}/changelog\.Debian\.gz", f"usr/share/lintian/overrides/{name}"]
    for pattern in want:
        check(any(re.fullmatch(pattern, f) for f in files), f"{name}: no {pattern} in {sorted(files)}")
    strange = [f for f in files if not any(re.fullmatch(p, f) for p in want)]
    check(not strange, f"{name}: strange files {strange}")
    check(all(line[1] == "root/root" for line in listing), f"{name}: owners")
    field = lambda f: command("dpkg-deb", "-f", deb, f).strip()
    check(field("Version") == f"{version}-1" and field("Maintainer") == "A Name <name@debian.org>", f"{name}: {field('Version')} {field('Maintainer')}")
    depends = {d.split(" (")[0] for d in field("Depends").split(", ")}
    if name == "libanneal-dev":
        check(field("Depends") == f"anneal (= {version}-1)", depends)
    else:
        check({"libc6", "libhts3", "libxxhash0", "zlib1g"} <= depends, f"{name}: {depends}")
        check(not any(d.endswith("-dev") for d in depends), f"{name}: {depends}")
    if name == "python3-anneal":
        check({"anneal", "python3", "python3-numpy"} <= depends, depends)
    command("dpkg-deb", "-x", deb, path("system"))
check(open(path("system/usr/share/doc/anneal/copyright")).read().startswith("Format: "), "copyright")
installed = path("system/usr/bin/anneal")
command(installed, "index", "-o", path("deb.anl"), GENOME)  # with the model that lies in the package
tried = "import anneal; print(anneal.__version__, anneal.Aligner('deb.anl').n_seq); import importlib.metadata as m; print(m.version('anneal'))"
if subprocess.run([PYTHON, "-c", "import numpy"], capture_output=True).returncode == 0:
    got = command("env", f"PYTHONPATH={path('system/usr/lib/python3/dist-packages')}", PYTHON, "-B", "-c", tried, cwd=TEMP)
    check(got.split() == [version, "3", version], got)
if shutil.which("lintian"):
    said = subprocess.run(["lintian", *debs.values()], capture_output=True, text=True, timeout=380).stdout
    bad = [line for line in said.splitlines() if line[:2] in ("E:", "W:") and "pkg-config-unavailable-for-cross-compilation" not in line]  # the deb preset has Debian's folders
    check(not bad, "lintian: " + "\n".join(bad))
