#!/usr/bin/env python3
"""libanneal gives the alignments of `anneal align` with the same settings: reads and pairs, one by one and as a batch, in any number of threads."""
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
