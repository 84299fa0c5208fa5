#!/usr/bin/env python3
"""benchmarks/gpu-kit: packed, unpacked elsewhere and run in small; what stands in its table."""
import re
from lib import *

build = os.path.dirname(ANNEAL)
if not shutil.which("patchelf"): skip("no patchelf")
if not os.path.exists(os.path.join(build, "bench_gpu")): skip("the benchmarks are not built")
if "ANNEAL_SANITIZE:STRING=\n" not in open(os.path.join(build, "CMakeCache.txt")).read(): skip("for a build without sanitizers")

def command(*args, status=0, **env):
    p = subprocess.run(list(map(str, args)), capture_output=True, text=True, cwd=TEMP, env={**os.environ, **env}, timeout=300)
    check(p.returncode == status, f"{args}: {p.returncode} {p.stdout[-3000:]} {p.stderr[-2000:]}")
    return p.stdout

kit = path("kit.tar.xz")
command(os.path.join(SOURCE, "benchmarks", "gpu-kit"), "-b", build, "-m", path("none.so"), "-o", kit, XZ_OPT="-0")
check(os.path.getsize(kit) < 20 << 20, f"{os.path.getsize(kit)} bytes")
command("tar", "-xJf", kit)
unpacked = path("gpu-kit")
inside = {os.path.join(d, f) for d, _, names in os.walk(unpacked) for f in names}
loaded = command("ldd", os.path.join(unpacked, "bin", "anneal"))
for library in re.findall(r"=> (\S+)", loaded):
    name = os.path.basename(library)
    check(os.path.realpath(library) in inside or re.match(r"(libc|libm|libdl|librt|libpthread)\.so", name), f"{name} comes from {library}")

said = command(os.path.join(unpacked, "run"), "-q", "-t", 2, "report")
table = open(path("report/report.md")).read()
check(said.endswith(table), "the table is not printed")
lines = table.splitlines()
check(lines[0].startswith("| no GPU: ") and lines[1] == "|---|---|---|---|", f"{lines[:2]}")
check(all(line.count("|") == 5 for line in lines), table)
for row in ("| embedding | - |", "| embedding, search, verification | - |", "| whole run, sam, reads/s | - |", "| whole run, bam, reads/s | - |", "| queries/s, 0.05 M vectors | - |",
            "| GCUPS, 150 x 250 bp | - |", "| all of it: 0 steps failed |"):
    check(row in table, f"no row {row}\n{table}")
check("-x diverged: equal" in open(path("report/equal.log")).read(), "the devices were not compared")

# A step that fails is told and the others go on; when the time is up no step begins.
for name in ("anneal", "bench_align"):
    with open(os.path.join(unpacked, "bin", name), "w") as f: f.write("#!/bin/sh\nexit 3\n")
command(os.path.join(unpacked, "run"), "-q", "-t", 2, "failed", status=1)
table = open(path("failed/report.md")).read()
check("| bench_align | FAILED, exit status 3" in table and "| GCUPS" in table and "| all of it: 5 steps failed |" in table, table)
command(os.path.join(unpacked, "run"), "-q", "-s", 2, "late", status=1)
check("| devices | not begun: the time was up |" in open(path("late/report.md")).read(), "a step began after the time was up")
