#!/usr/bin/env python3
"""The answer does not depend on the order in which a C library's qsort leaves equal elements: index, pairs, copies, long reads."""
import random
from lib import *

if any(f"ANNEAL_SANITIZE:STRING={s}" in open(os.path.join(os.path.dirname(ANNEAL), "CMakeCache.txt")).read() for s in ("address", "thread")):
    skip("a sanitizer must be loaded first")
compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
preload = path("qsort.so")
if not compiler or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", preload, os.path.join(SOURCE, "tests", "e2e", "other_qsort.c")], capture_output=True).returncode:
    skip("no compiler")
OTHER = {"LD_PRELOAD": preload}

# A genome of copies, whole and in part, of tandem repeats and of small contigs, where much is equal.
rng = random.Random(3)
bases = lambda n: "".join(rng.choices("ACGT", k=n))
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))
def changed(s, rate):
    return "".join(rng.choice("ACGT") if rng.random() < rate else c for c in s if rng.random() > rate / 4)

unit, array = bases(1500), bases(31)
contigs = ["".join(rng.choice((unit, turned(unit), unit[300:900], bases(400), array * 30, "CA" * 90, changed(unit, 0.01))) for _ in range(12)) for _ in range(4)]
contigs += [unit[k:k + 120] for k in (0, 300, 600)]
fasta = write("copies.fa", "".join(f">c{i}\n{c}\n" for i, c in enumerate(contigs)))
anl = index("copies.anl", fasta)
run("index", "-o", path("other.anl"), fasta, env=OTHER)
check(digest(anl) == digest(path("other.anl")), "the index differs")

def sample(n):
    c = contigs[rng.randrange(4)]
    at = rng.randrange(len(c) - n)
    return changed(rng.choice((str, turned))(c[at:at + n]), rng.choice((0, 0, 0.02)))

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

short = fastq("short.fq", [(f"s{i}", sample(rng.choice((40, 100, 150, 300)))) for i in range(400)] +
              [(f"c{i}", sample(60) + sample(70) + sample(60)) for i in range(100)])
long = fastq("long.fq", [(f"l{i}", sample(rng.choice((420, 700, 1500, 3000)))) for i in range(150)] + [(f"x{i}", sample(600) + sample(500)) for i in range(60)])
R1, R2 = subset(1000)
for what in ((short,), (short, "-a"), (long,), (long, "-a")):
    same, other = (body(run("align", "-v", 1, *what[1:], anl, what[0], env=env)[0]) for env in (None, OTHER))
    differ = [f"{a}\n{b}" for a, b in zip(same, other) if a != b]
    check(same == other, f"{what}: {len(same)} and {len(other)} lines, {len(differ)} differ: {differ[:1]}")
anl = index()
same, other = (body(run("align", "-v", 1, anl, R1, R2, env=env)[0]) for env in (None, OTHER))
check(same == other, "pairs of the sample")
