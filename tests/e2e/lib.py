"""What the end-to-end tests share: running anneal, the sample, SAM parsing."""
import atexit, gzip, hashlib, os, shutil, subprocess, sys, tempfile

ANNEAL = os.environ["ANNEAL"]
SOURCE = os.environ["ANNEAL_SOURCE"]
SAMPLE = os.path.join(SOURCE, "data", "sample")
SHARED = os.environ.get("ANNEAL_SHARED", os.path.join(SOURCE, "..", "shared"))
GENOME, R1, R2 = (os.path.join(SAMPLE, f) for f in ("genome.fa.gz", "reads_1.fq.gz", "reads_2.fq.gz"))
LEVELS = subprocess.check_output([ANNEAL, "devices"], text=True).split("\t")[2].split()[1:]
TEMP = tempfile.mkdtemp(prefix="anneal-test-")
atexit.register(shutil.rmtree, TEMP, ignore_errors=True)

def skip(why):
    print("skipped:", why)
    sys.exit(77)

def path(name):
    return os.path.join(TEMP, name)

def run(*args, status=0, env=None, stdin=None, binary=False):
    """Runs anneal; checks the exit status; returns standard output and standard error."""
    p = subprocess.run([ANNEAL, *map(str, args)], input=stdin, capture_output=True, env={**os.environ, **(env or {})}, timeout=380)
    if status is not None and p.returncode != status:
        sys.exit(f"anneal {' '.join(map(str, args))}: exit status {p.returncode}, expected {status}\n{p.stderr.decode()}")
    return (p.stdout if binary else p.stdout.decode()), p.stderr.decode()

def index(name="genome.anl", fasta=GENOME, *options, env=None):
    out = path(name)
    run("index", "-o", out, *options, fasta, env=env)
    return out

def refused(*args, says, leaves=(), status=None):
    """anneal ends with one line that starts with 'anneal: ' and holds `says`, a status that is not 0, and no new file but `leaves`."""
    before = set(os.listdir(TEMP))
    p = subprocess.run([ANNEAL, *map(str, args)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    lines = p.stderr.decode().splitlines()
    what = f"anneal {' '.join(map(str, args))}: status {p.returncode}, said {lines}"
    if p.returncode <= 0 or status not in (None, p.returncode): sys.exit(f"{what}: not refused")
    if len(lines) != 1 or not lines[0].startswith("anneal: ") or says not in lines[0]: sys.exit(f"{what}: expected one line with '{says}'")
    left = set(os.listdir(TEMP)) - before - set(leaves)
    if left: sys.exit(f"{what}: left {left} behind")

def records(sam):
    """(fields, tags) of every record of SAM text."""
    for line in sam.splitlines():
        if line.startswith("@"): continue
        f = line.split("\t")
        yield f[:11], {t[:2]: t[5:] for t in f[11:]}

def body(sam):
    return [line for line in sam.splitlines() if not line.startswith("@PG")]

def digest(name):
    return hashlib.md5(open(name, "rb").read()).hexdigest()

def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    return path(name)

def read_gz(name):
    return gzip.open(name).read().decode()

def check(condition, what):
    if not condition: sys.exit(what)

def subset(pairs):
    """Plain files with the sample's first pairs."""
    return [write(f"first_{i}.fq", "".join(line + "\n" for line in read_gz(f).splitlines()[:4 * pairs])) for i, f in ((1, R1), (2, R2))]
