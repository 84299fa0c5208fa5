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
            "| GCUPS, 150 x 250 bp | - |", "| reads/s, votes at 64 hits | - |", "| GCUPS, 150 x 190 bp, places | - |", "| all of it: 0 steps failed |"):
    check(row in table, f"no row {row}\n{table}")
check("-x diverged: equal" in open(path("report/equal.log")).read(), "the devices were not compared")

# What it does with a GPU, seen without one: an anneal that says it has one, and tools that say what NVIDIA's say.
def script(name, text, where=os.path.join(unpacked, "bin")):
    with open(os.path.join(where, name), "w") as f: f.write("#!/usr/bin/env bash\n" + text)
    os.chmod(os.path.join(where, name), 0o755)

os.rename(os.path.join(unpacked, "bin", "anneal"), os.path.join(unpacked, "bin", "real"))
script("anneal", """if [ "$1" = devices ]; then printf 'cpu\\t2 cores\\ncuda:0\\tTest GPU\\tsm_90\\t80000 MiB\\t132 multiprocessors\\n'; exit; fi
args=(); for a in "$@"; do [ "$a" = cuda ] && a=cpu; args+=("$a"); done
"$(dirname "$0")/real" "${args[@]}" && { [ -z "${ANNEAL_GPU_TIMES:-}" ] || printf 'products\\t1.500 ms\\t3 times\\n' >&2; }""")
script("ncu", r'''cat <<'END'
==PROF== Connected
"ID","Process ID","Kernel Name","gpu__time_duration.sum","sm__throughput.avg.pct_of_peak_sustained_elapsed","dram__throughput.avg.pct_of_peak_sustained_elapsed","launch__registers_per_thread"
"","","","ns","%","%","register/thread"
"0","1","anl::scan_kernel(search_memory, lists)","2,000,000","40","80","128"
"1","1","anl::norm_kernel(linear)","500,000","10","60","32"
"2","1","anl::scan_kernel(search_memory, lists)","1,000,000","70","20","128"
END''')
script("compute-sanitizer", "exit 0")
command(os.path.join(unpacked, "run"), "-q", "-t", 2, "gpu")
table = open(path("gpu/report.md")).read()
for row in ("| Test GPU, 80000 MiB, 132 multiprocessors | GPU | CPU: ", "| index, pairs, long reads, -k 200, -x diverged | the CPU's bytes |", "| records of the whole run | the CPU's |", "| products | 1.500 ms, 3 times |",
            "| kernel anl::scan_kernel | 3.000 ms in 2 launches, SM 50%, memory 60%, 128 registers |", "| kernel anl::norm_kernel | 0.500 ms in 1 launches", "| memcheck of test_cuda | clean |", "| memcheck of test_gpu_places | clean |", "| memcheck of test_gpu_trace | clean |", "| racecheck of scores_agree | clean |", "| racecheck of votes_agree | clean |", "| racecheck of tracebacks_agree | clean |"):
    check(row in table, f"no row {row}\n{table}")

# Other bytes than the CPU's are told.
script("anneal", open(os.path.join(unpacked, "bin", "anneal")).read().replace("a=cpu;", "{ a=cpu; [ $1 = index ] || more='-A 2'; };").replace('"${args[@]}" &&', '"${args[@]}" $more &&').split("\n", 1)[1])
command(os.path.join(unpacked, "run"), "-q", "-t", 2, "differs", status=1)
table = open(path("differs/report.md")).read()
check("| equal | FAILED" in table and "DIFFERENT" in open(path("differs/equal.log")).read() and "| records of the whole run | DIFFERENT |" in table, table)

# A step that fails is told and the others go on; when the time is up no step begins.
for name in ("anneal", "bench_align"):
    script(name, "exit 3")
command(os.path.join(unpacked, "run"), "-q", "-t", 2, "failed", status=1)
table = open(path("failed/report.md")).read()
check("| bench_align | FAILED, exit status 3" in table and "| GCUPS" in table and "| all of it: 5 steps failed |" in table, table)
command(os.path.join(unpacked, "run"), "-q", "-s", 2, "late", status=1)
check("| devices | not begun: the time was up |" in open(path("late/report.md")).read(), "a step began after the time was up")
