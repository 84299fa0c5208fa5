#!/usr/bin/env python3
"""Size: an index built under a memory limit and aligned against with every exactness check, a contig that is longer than a BAI can index, and many
small contigs. 10 Mb, or 100 with ANNEAL_BIG=1; 1 under AddressSanitizer, which needs memory of its own."""
import gzip, random, resource
from lib import *

ASAN = b"__asan_init" in open(ANNEAL, "rb").read()
BASES = 1000000 if ASAN else 100000000 if os.environ.get("ANNEAL_BIG") else 10000000
MB = 1 << 20
rng = random.Random(11)
LETTERS = bytes(b"ACGT"[i % 4] for i in range(256))
TURNED = str.maketrans("ACGT", "TGCA")

def some(n): return rng.randbytes(n).translate(LETTERS).decode()
def fasta(contigs): return "".join(f">{n}\n{s}\n" for n, s in contigs.items())

def mutate(s, rate):
    """With a substitution in each of `rate` bases."""
    s, at = list(s), int(rng.expovariate(rate))
    while at < len(s):
        s[at] = rng.choice("ACGT".replace(s[at], ""))
        at += 1 + int(rng.expovariate(rate))
    return "".join(s)

def peak(*args, limit=None, env=None):
    """Runs anneal in an address space of `limit` bytes; the most memory it had, in bytes."""
    limits = (lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) if limit and not ASAN else None
    p = subprocess.Popen([ANNEAL, *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limits, env={**os.environ, **(env or {})})
    err = p.stderr.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    check(p.returncode == 0, f"{args}: {p.returncode} {err}")
    return usage.ru_maxrss * 1024

# ---- an index under a memory limit ----
contigs = {f"chr{i + 1}": list(some(BASES // 4)) for i in range(4)}
family = some(300)  # with copies of 10% divergence, as Alu has them
for _ in range(BASES // 5000):
    s = contigs[f"chr{rng.randint(1, 4)}"]
    at = rng.randrange(len(s) - 300)
    s[at:at + 300] = mutate(family, 0.1)
contigs = {n: "".join(s) for n, s in contigs.items()}
anl, fa = path("large.anl"), write("large.fa", fasta(contigs))
used = peak("index", "-t", 2, "--device", "cpu", "-o", anl, fa, limit=int(1.3 * 3.3 * BASES) + (1 << 30))
size = os.path.getsize(anl)
check(ASAN or used < 1.3 * size + 64 * MB, f"index of {size / MB:.0f} MiB: {used / MB:.0f} MiB")

def reads(n):
    out = [[], []]
    for i in range(n):
        name = rng.choice(list(contigs))
        insert = rng.randint(300, 500)
        at = rng.randrange(len(contigs[name]) - insert)
        part = mutate(contigs[name][at:at + insert], 0.005)
        for mate, s in enumerate((part[:150], part[::-1].translate(TURNED)[:150])): out[mate].append(f"@r{i}:{name}:{at}:{at + insert - 150}\n{s}\n+\n{'I' * 150}\n")
    return ["".join(x) for x in out]

r1, r2 = (write(f"large_{i}.fq", s) for i, s in enumerate(reads(2000), 1))
used = peak("align", "-t", 2, "--device", "cpu", "-o", path("large.sam"), anl, r1, r2, limit=size + (2 << 30))
check(ASAN or used < size + 400 * MB, f"align against {size / MB:.0f} MiB: {used / MB:.0f} MiB")
want = body(open(path("large.sam")).read())
is_right = lambda f: f[0].split(":")[1] == f[2] and f[0].split(":")[3 if int(f[1]) & 128 else 2] == str(int(f[3]) - 1)
right = sum(is_right(f) for f, _ in records("\n".join(want)))
check(right >= 0.985 * 4000, f"{right} of 4000 reads where they are from")
check(all(is_right(f) or "S" in f[5] for f, _ in records("\n".join(want)) if int(f[4]) == 60), "wrong at MAPQ 60")
for options in (("-t", 1), ("-t", 3), ("--search", "faiss", "-t", 2)): check(body(run("align", *options, anl, r1, r2)[0]) == want, f"{options}: other records")
few = [write(f"few_{i}.fq", "".join(line + "\n" for line in open(f).read().splitlines()[:4 * 40])) for i, f in ((1, r1), (2, r2))]
few_want = body(run("align", anl, *few)[0])
for level in LEVELS: check(body(run("align", anl, *few, env={"ANNEAL_KERNELS": level})[0]) == few_want, f"{level}: other records")
check(body(run("align", "--sort", "--sort-memory", "1M", "-t", 2, anl, *few)[0]) != few_want, "the test's reads are in order")

# ---- a contig that a BAI does not hold: N, and some kilobases at its end ----
end, n = some(10000), 540
block = gzip.compress((("N" * 1000 + "\n") * 1000).encode(), 1)
with open(path("n.fa.gz"), "wb") as f:
    for part in [gzip.compress(b">short\n" + some(5000).encode() + b"\n>long\n"), *[block] * n, gzip.compress(end.encode() + b"\n")]: f.write(part)
run("index", "-o", path("n.anl"), "--window", 400, "--stride", 400, "-t", 2, path("n.fa.gz"))
pairs = [(at, end[at:at + 400]) for at in range(0, 9600, 100)]
a, b = (write(f"n_{i}.fq", "".join(f"@p{at}\n{s}\n+\n{'I' * 150}\n" for at, whole in pairs for s in [whole[:150] if i == 1 else whole[::-1].translate(TURNED)[:150]])) for i in (1, 2))
run("align", "--sort", "-o", path("n.bam"), path("n.anl"), a, b)
check(os.path.exists(path("n.bam.csi")) and not os.path.exists(path("n.bam.bai")), "no CSI of a contig of 540 Mbp")
if shutil.which("samtools"):
    view = lambda *args: subprocess.run(["samtools", "view", *args], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [l.split("\t") for l in view(path("n.bam"))]
    starts = {(f[0], int(f[3]) - 1 - n * 1000000 - (0 if int(f[1]) & 64 else 250)) for f in found}
    check(starts == {(f"p{at}", at) for at, _ in pairs} and len(found) == 2 * len(pairs), "reads behind 540 Mbp of N")
    inside = [l for l in view(path("n.bam")) if n * 1000000 + 2000 <= int(l.split("\t")[3]) + 149 and int(l.split("\t")[3]) <= n * 1000000 + 3000]
    check(inside and view(path("n.bam"), f"long:{n * 1000000 + 2000}-{n * 1000000 + 3000}") == inside, "samtools view of a region")

# ---- many small contigs ----
small = {f"s{i}": some(200) for i in range(1000 if ASAN else 20000)}
run("index", "-o", path("s.anl"), "-t", 2, write("s.fa", fasta(small)))
names = rng.sample(list(small), 300)
s = write("s.fq", "".join(f"@{c}:{at}\n{small[c][at:at + 150]}\n+\n{'I' * 150}\n" for c in names for at in [rng.randint(0, 50)]))
out = list(records(run("align", path("s.anl"), s)[0]))
check(sum(f[0] == f"{f[2]}:{int(f[3]) - 1}" for f, _ in out) == 300, "reads of small contigs")
run("align", "--sort", "-o", path("s.bam"), path("s.anl"), s)
