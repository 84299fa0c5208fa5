#!/usr/bin/env python3
"""libanneal gives the alignments of `anneal align` with the same settings: reads and pairs, one by one and as a batch, in any number of threads;
its indexes are those of `anneal index`, its vectors those of the index."""
import re
from lib import *

CLIENT = os.path.join(os.path.dirname(ANNEAL), "library_client")
anl = index()
fastq = lambda file, n: [(lines[i][1:].split()[0].split("/")[0], lines[i + 1]) for lines in [read_gz(file).splitlines()] for i in range(0, 4 * n, 4)]
first, second = fastq(R1, 300), fastq(R2, 300)
contigs = {c.split(" ")[0]: "".join(c.split("\n")[1:]) for c in read_gz(GENOME).split(">")[1:]}
chr1 = contigs["chr1"]
singles = first[:150] + [("split", chr1[2000:2080] + chr1[60000:60070]), ("n", "N" * 60), ("empty", ""), ("long", chr1[30000:33000]), ("lower", chr1[9000:9100].lower())]

def client(reads, how, *settings, status=0):
    text = "".join("\t".join(r) + "\n" for r in reads)
    p = subprocess.run([CLIENT, anl, how, *settings], input=text, capture_output=True, text=True, timeout=120)
    check(p.returncode == status, f"library_client {how} {settings}: {p.returncode} {p.stderr}")
    return [line.split("\t") for line in p.stdout.splitlines()] if not status else p.stderr

def program(files, *options):
    """The same fields of the program's records; -Y: clips of the library are soft."""
    got = []
    for f, t in records(run("align", "-v", 1, "--device", "cpu", "-Y", *options, anl, *files)[0]):
        got.append([f[0], f[1], f[2], f[3], f[4], f[5], f[8], t.get("NM", "-1"), t.get("AS", "0"), t.get("XS", "0"), t.get("MD", "")])
    return got

def same(what, got, want):
    check(len(got) == len(want), f"{what}: {len(got)} records, the program has {len(want)}")
    for g, w in zip(got, want): check(g == w, f"{what}: {g}, the program {w}")

fasta = write("singles.fa", "".join(f">{n}\n{s}\n" for n, s in singles))
for settings, options in (((), ()), (("threads=3",), ()), (("all",), ("-a",)), (("preset=hifi", "T=20"), ("-x", "hifi", "-T", 20)), (("primary-5prime",), ("-5",)), (("split-secondary", "eqx"), ("-M", "--eqx")),
                          (("match=2", "mismatch=3", "gap-open=5,6", "gap-extend=2", "clip-penalty=1,2", "candidates=16"), ("-A", 2, "-B", 3, "-O", "5,6", "-E", 2, "-L", "1,2", "-k", 16))):
    want = program([fasta], *options)
    for how in ("batch", "each"): same(f"{how} {settings}", client(singles, how, *settings), want)

files = [write(f"{i}.fa", "".join(f">{n}\n{s}\n" for n, s in r)) for i, r in ((1, first), (2, second))]
pairs = [(n, a, b) for (n, a), (_, b) in zip(first, second)]
want = program(files)
for t in (1, 2): same(f"pairs, {t} threads", client(pairs, "batch", f"threads={t}"), want)  # insert sizes are estimated
want = program(files, "-I", "400,50", "-U", 9)
for how in ("batch", "each"): same(f"pairs {how}", client(pairs, how, "insert-size=400,50", "unpaired-penalty=9"), want)
same("-SP", client(pairs, "batch", "skip-rescue", "skip-pairing", "insert-size=400,50"), program(files, "-SP", "-I", "400,50"))
check(client([], "batch") == [], "no reads")

for setting, says in (("thread=2", "there is no option 'thread'; did you mean 'threads'?"), ("threads=0", "threads 0: must be a whole number from 1 to 1024"), ("all=1", "all takes no value"),
                      ("threads", "threads needs a value"), ("output=x", "there is no option 'output'"), ("preset=fast", "preset fast: must be sr, hifi"), ("model=none.anm", "none.anm: "),
                      ("insert-size=1,2,3,4,5", "insert-size 1,2,3,4,5: must be"), ("device=tpu", "device tpu: must be")):
    check(client([], "batch", setting, status=1).startswith(says), f"{setting}: {client([], 'batch', setting, status=1)}")

# What is told beside the record is what PAF says, but for the bases that are not A, C, G or T.
def ambiguous(f):
    at, q, found = int(f[3]) - 1, 0, 0
    for n, op in ((int(n), op) for n, op in re.findall(r"(\d+)([MIDS=X])", f[5])):
        read, contig = f[9][q:q + n] if op in "MI=X" else "A" * n, contigs[f[2]][at:at + n].upper() if op in "MD=X" else "A" * n
        found += sum(x not in "ACGT" or y not in "ACGT" for x, y in zip(read, contig)) if op != "S" else 0
        q += n * (op in "MIS=X")
        at += n * (op in "MD=X")
    return found

def details(reads, files):
    sam = [f for f, _ in records(run("align", "-v", 1, "--device", "cpu", "-Y", anl, *files)[0])]
    paf = iter(line.split("\t") for line in run("align", "-v", 1, "--device", "cpu", "--cs", "--output-format", "paf", anl, *files)[0].splitlines())
    names = list(contigs)
    for f in sam:
        number = names.index(f[2]) if f[2] != "*" else -1
        if f[5] == "*":
            yield [f[0], f[1], str(number), str(int(f[3]) - 1), str(int(f[3]) - 1), "0", "0", "0", "0", "0", "-"]
        else:
            p = next(paf)
            yield [f[0], f[1], str(number), p[7], p[8], p[2], p[3], p[9], p[10], str(ambiguous(f)), next(t[5:] for t in p if t[:2] == "cs")]

some_n = [("n1", chr1[8000:8060] + "N" + chr1[8061:8150]), ("n2", "".join("N" if i == 70 else c for i, c in enumerate(chr1[8000:8150]))[::-1].translate(str.maketrans("ACGT", "TGCA"))),
          ("gap", chr1[500:580] + chr1[585:660] + "N"), ("more", chr1[700:770] + "GNTTACA" + chr1[770:850]), ("border", contigs["chr2"][39900:40050])]
singles += some_n
fasta = write("singles.fa", "".join(f">{n}\n{s}\n" for n, s in singles))
want = list(details(singles, [fasta]))
check(sum(int(w[9]) for w in want) >= 4, "no ambiguous base")
same("details", client(singles, "details"), want)
same("details of pairs", client(pairs, "details"), list(details(pairs, files)))

# Sequence.
regions = [(i, b, e) for i, s in enumerate(contigs.values()) for b, e in ((0, len(s)), (0, 0), (len(s), len(s)), (1, 4), (3, 70))]
got = client([tuple(map(str, r)) for r in regions], "fetch")
check([g[0] for g in got] == [list(contigs.values())[i][b:e].upper() for i, b, e in regions], "fetch")
for r, says in (((0, -1, 3), "chr1:-1-3: must lie in 0-"), ((0, 5, 4), "chr1:5-4: must"), ((0, 0, 1 << 40), "chr1:0-"), ((-1, 0, 0), "contig -1: there are 3"), ((3, 0, 0), "contig 3")):
    said = client([tuple(map(str, r))], "fetch", status=1)
    check(said.startswith(says), f"fetch {r}: {said}")

# Vectors: the same for both strands and any threads; the stored window's own vector is at distance 0, at its place.
starts = [(c, i) for c in ("chr1", "chr2") for i in (0, 480, 48000)]
windows = [("w", contigs[c][i:i + 176]) for c, i in starts]
turned = [(n, s[::-1].translate(str.maketrans("ACGT", "TGCA"))) for n, s in windows]
noise = [("noise", "N" * 40)]
forward, back = client(windows + noise, "vectors", "4", "0"), client(turned + noise, "vectors", "4", "1000000", "threads=2")
for i, (f, b) in enumerate(zip(forward, back)):
    check(f[0] == b[0] and len(f[0].split()) == 128, f"vector {i}: {f[0]} {b[0]}")
    if i < len(windows):
        contig, start = starts[i]
        check(f[1] == b[1] == f"{list(contigs).index(contig)} {start} 0", f"window {starts[i]}: {f[1:]} {b[1:]}")
        distances = [int(x.split()[2]) for x in b[1:]]
        check(distances == sorted(distances), f"window {starts[i]}: {b[1:]}")
check(forward[-1][1:] == back[-1][1:] == ["-1 -1 2147483647"] * 4 and not any(map(int, forward[-1][0].split())), f"noise: {forward[-1]}")
check(client([], "vectors", "3", "0") == [], "no vectors")
for reads, k, nprobe, says in (([("short", "A" * 19)], 1, 0, "sequence 0 has 19 letters: must be 20 to 400"), ([("a", "A" * 20), ("long", "A" * 401)], 1, 0, "sequence 1 has 401"),
                               (windows, 0, 0, "k 0: must be 1 to 2048"), (windows, 2049, 0, "k 2049"), (windows, 1, -1, "nprobe -1")):
    said = client(reads, "vectors", str(k), str(nprobe), status=1)
    check(said.startswith(says), f"vectors {k} {nprobe}: {said}")

# Building.
def build(out, *args, status=0):
    p = subprocess.run([CLIENT, out, "build", *args], capture_output=True, text=True, timeout=120)
    check(p.returncode == status, f"build {args}: {p.returncode} {p.stderr}")
    return p.stderr
build(path("own.anl"), GENOME, "threads=2")
check(digest(path("own.anl")) == digest(anl), "anl_build: not the index of the program")
build(path("own.anl"), GENOME, "window=150", "stride=50", "unique-k=20", "device=cpu")
check(digest(path("own.anl")) == digest(index("other.anl", GENOME, "--window", 150, "--stride", 50, "--unique-k", 20)), "anl_build with settings")
before = set(os.listdir(TEMP))
for args, says in ((["none.fa"], "none.fa: "), ([GENOME, "windw=3"], "there is no option 'windw'; did you mean 'window'?"), ([GENOME, "window=3"], "window 3: must be"), ([GENOME, "output=x"], "there is no option 'output'"),
                   ([fasta, "stride=177"], "--stride 177"), ([GENOME, "model=none.anm"], "none.anm: ")):
    check(build(path("no.anl"), *args, status=1).startswith(says), f"build {args}: {build(path('no.anl'), *args, status=1)}")
for own in (fasta, os.path.join(SOURCE, "data", "model", "anneal-d128.anm")):
    copied = shutil.copy(own, path("copied")) if own != fasta else own
    said = build(copied, fasta, *([f"model={copied}"] if own != fasta else []), status=1)
    check("is an input and would be written over" in said and digest(copied) == digest(own), f"build over {own}: {said}")
check(set(os.listdir(TEMP)) - before <= {"copied"}, f"left behind: {set(os.listdir(TEMP)) - before}")
