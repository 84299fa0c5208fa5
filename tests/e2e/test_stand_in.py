#!/usr/bin/env python3
"""The whole way through a GPU without one: the program as it is, with the CUDA code that tests/stand_in compiles for the CPU as its module. It gives the CPU's
records: adaptive search, long reads, many neighbours, -x diverged, and where memory is short; and its index, with several lists."""
import random
from lib import *

build = os.path.dirname(ANNEAL)
program = shutil.copy(ANNEAL, os.path.join(TEMP, "anneal"))
shutil.copy(os.path.join(build, "stand-in", "anneal-cuda.so"), TEMP)
anl = index("genome.anl", GENOME, "--device", "cpu")

def call(*args, status=0, **env):
    env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(build, "test-driver"), "ANNEAL_MODEL": os.path.join(SOURCE, "data", "model", "anneal-d128.anm"), **env}
    p = subprocess.run([program, *map(str, args)], env=env, capture_output=True, text=True, timeout=380)
    check(p.returncode == status, f"{args}: {p.returncode} {p.stderr}")
    return p.stdout, p.stderr

check("\ncuda:0\tstand-in\t" in call("devices")[0], call("devices")[0])
pairs = subset(60)
contig = read_gz(GENOME).split(">")[1].split("\n", 1)[1].replace("\n", "")
changed = "".join(c if i % 9 else "ACGT"[i // 9 % 4] for i, c in enumerate(contig[4000:9000]))
long_read = write("long.fa", f">long\n{changed}\n>copy\n{contig[7000:7150]}\n>none\n{'ACGGT' * 30}\n>n\n{'N' * 100}\n")
def same(what, *args, of=anl, **env):
    want = body(run("align", "-v", 1, "--device", "cpu", of, *args)[0])
    out, said = call("align", "-v", 2, "--device", "cuda", of, *args, **env)
    check(body(out) == want and len(want) > 3, f"{what}: other records than the CPU's")
    return said

said = same("pairs", *pairs, ANNEAL_GPU_TIMES="1")
for family in ("products", "attention", "light sums", "scores", "votes", "traceback", "scans of lists", "search, whole calls"):
    check(any(line.startswith(family + "\t") and line.endswith(" times") for line in said.splitlines()), f"no time of {family}: {said}")
check("whole calls" not in same("long and odd reads", long_read), "times are told unasked")
said = call("align", "-v", 2, "--device", "cuda", "-I", "400,50", anl, write("none.fa", ""))[1]
check("0 reads" in said and "insert size" not in said, f"no reads: {said}")
same("-x diverged", "-x", "diverged", *subset(4))

# What votes meet: 60 copies of a repeat, alike and less so, on both strands and up to the ends of contigs, N among them, copies side by side, and the same on
# an ALT contig; reads with gaps and N, of one place and of many, more of them alike than XA tells.
rng = random.Random(3)
def some(n): return "".join(rng.choice("ACGT") for _ in range(n))
def changed_by(s, rate): return "".join(rng.choice("ACGT") if rng.random() < rate else "" if rng.random() < rate / 20 else c for c in s)
def turned(s): return s[::-1].translate(str.maketrans("ACGT", "TGCA"))
repeat = some(400)
copies = [changed_by(repeat, i % 4 * 0.03) for i in range(60)]
joints = [some(rng.choice((0, 5, 200))) + "N" * rng.choice((0, 0, 1, 30)) for _ in copies]
parts = [turned(c) if i % 3 == 0 else c for i, c in enumerate(copies)]
repeats = {"begins": "".join(p + j for p, j in zip(parts[:20], joints)), "ends": "".join(j + p for p, j in zip(parts[20:], joints)), "tiny": repeat[100:190], "plain": some(6000)}
repeats["x_alt"] = changed_by(repeats["plain"][1000:3000], 0.02) + changed_by(repeat, 0.02)
fa = write("repeats.fa", "".join(f">{n}\n{s}\n" for n, s in repeats.items()))
names = write("repeats.fa.alt", "x_alt\n")
many = index("repeats.anl", fa, "--alt", names, "--device", "cpu")
reads = [[], []]
for i in range(36):
    contig = repeats[("begins", "ends", "ends", "plain")[i % 4]]
    at = rng.randrange(len(contig) - 400) if i % 5 else (0, len(contig) - 400)[i % 2]
    insert = contig[at:at + 400]
    for mate, end in enumerate((insert[:150], turned(insert)[:150])):
        reads[mate].append(f">r{i}\n{changed_by(end, i % 6 * 0.01)}\n")
mates = [write(f"repeats_{m}.fa", "".join(reads[m])) for m in range(2)]

# What traceback meets: gaps in plain sequence, in copies and where they have many places, near ends, two in a read; clipped ends and N.
def gapped(i):
    s = list(repeats[("plain", "begins")[i % 2]][40 * i:40 * i + 170])
    for at in rng.sample((8, 40, 75, 140), 1 + i % 3 // 2):
        if i % 4 < 2: del s[at:at + 1 + i % 7]
        else: s[at:at] = some(1 + i % 5) if i % 3 else s[at - 3:at]
    s[130:] = some(40) if i % 8 == 7 else s[130:]
    s[60] = "N" if i % 5 == 0 else s[60]
    return "".join(s)[:150]
with_gaps = write("gaps.fa", "".join(f">g{i}\n{turned(gapped(i)) if i % 3 == 0 else gapped(i)}\n" for i in range(24)))
same("gaps, every place", "-a", with_gaps, of=many)
same("repeats, ALT, many neighbours, three threads, batches of which one is reported while the next one is looked for", "-t", 3, "-k", 100, "-K", 3000, *mates, of=many)

few = write("few.fa", f">few\n{contig[:42000]}\n")
windows = ("--window", 40, "--stride", 40)
index("cpu.anl", few, "--device", "cpu", *windows)
said = call("index", "-v", "--device", "cuda", "-t", 2, *windows, "-o", path("gpu.anl"), few)[1]
check("embedded on stand-in" in said, said)
check(digest(path("gpu.anl")) == digest(path("cpu.anl")), "another index than the CPU's")
