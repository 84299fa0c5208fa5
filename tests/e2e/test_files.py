#!/usr/bin/env python3
"""Nothing that is read is written over, and outputs go where names say: behind links, into pipes and devices."""
import stat, time
from lib import *

anl = index()
r1, r2 = subset(200)
fasta = write("ref.fa", read_gz(GENOME))
model = path("m.anm")
run("train", "--init-only", "--dim", 32, "--layers", 1, "-o", model)
want = body(run("align", anl, r1, r2)[0])

def untouched(*args, keep, says="written over"):
    """Refused with status 2 and one line, and the files are as before."""
    before = [(f, digest(f), os.stat(f).st_mtime_ns) for f in keep]
    refused(*args, says=says, status=2)
    check(before == [(f, digest(f), os.stat(f).st_mtime_ns) for f in keep], f"{args}: an input was touched")

# ---- no output is an input ----

os.chdir(TEMP)
os.symlink(r1, path("link.fq"))
os.link(r1, path("hard.fq"))
os.symlink("later.sam", path("dangling.sam"))
packed = write("packed.fq.gz", gzip.compress(open(r1, "rb").read()))
bai = write("x.bam.bai", open(r1).read())
crai = write("x.cram.crai", open(r1).read())
fai = write("ref.fa.fai", "chr1\t120000\t6\t60\t61\n")
os.mkdir("folder")
untouched("index", "-o", fasta, fasta, keep=[fasta])
untouched("index", "-o", "folder/../ref.fa", fasta, keep=[fasta])
untouched("index", "--model", model, "-o", model, fasta, keep=[model])
untouched("align", "-o", anl, anl, r1, keep=[anl])
untouched("align", "-o", packed, anl, packed, keep=[packed])
untouched("align", "-o", r2, anl, r1, r2, keep=[r2])
untouched("align", "-o", "link.fq", anl, r1, keep=[r1])
untouched("align", "-o", r1, anl, "link.fq", keep=[r1])
untouched("align", "-o", "hard.fq", anl, r1, keep=[r1])
untouched("align", "-o", fasta, "--reference", fasta, anl, r1, keep=[fasta])
untouched("align", "-o", fai, "--reference", fasta, anl, r1, keep=[fai])
untouched("align", "--model", model, "-o", model, anl, r1, keep=[model])
untouched("align", "--summary", r1, anl, r1, keep=[r1])
untouched("align", "--sort", "-o", path("x.bam"), anl, bai, keep=[bai])
untouched("align", "--sort", "-o", path("x.cram"), anl, crai, keep=[crai])
untouched("align", "-o", path("y.sam"), "--summary", "y.sam", anl, r1, keep=[r1], says="two outputs would be written to this file")
untouched("align", "-o", path("later.sam"), "--summary", "dangling.sam", anl, r1, keep=[r1], says="two outputs would be written to this file")
untouched("export-faiss", anl, anl, keep=[anl])
untouched("train", "-o", fasta, fasta, keep=[fasta])
untouched("train", "--init", model, "-o", model, fasta, keep=[model, fasta])
untouched("train", "--checkpoint", fasta, "-o", path("new.anm"), fasta, keep=[fasta])
untouched("train", "--log", fasta, "-o", path("new.anm"), fasta, keep=[fasta])
untouched("train", "--log", path("new.anm"), "-o", path("new.anm"), fasta, keep=[fasta], says="two outputs")
with open(r1) as reads:
    p = subprocess.run([ANNEAL, "align", "-o", r1, anl, "-"], stdin=reads, capture_output=True, text=True)
check(p.returncode == 2 and "is the same file as the input standard input" in p.stderr and len(open(r1).read().splitlines()) == 800, f"standard input: {p.stderr}")
copy = write("copy.fq", open(r1).read())
with open(copy, "a") as out:
    p = subprocess.run([ANNEAL, "align", anl, copy], stdout=out, stderr=subprocess.PIPE, text=True)
check(p.returncode == 2 and "standard output: is the same file as the input" in p.stderr and digest(copy) == digest(r1), f"standard output: {p.stderr}")
run("align", "-o", "/dev/null", "--summary", "/dev/null", anl, "/dev/null")
check(stat.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null was replaced")

# ---- links ----

os.symlink("folder", "linked")
os.symlink("../target.sam", "folder/inner.sam")
os.symlink("linked/inner.sam", "outer.sam")
old = write("target.sam", "old")
os.chmod(old, 0o640)
run("align", "-o", "outer.sam", anl, r1, r2)
check(os.readlink("outer.sam") == "linked/inner.sam" and os.readlink("folder/inner.sam") == "../target.sam", "a link was replaced")
check(body(open("target.sam").read()) == want, "the file behind the link has other records")
check(stat.S_IMODE(os.stat("target.sam").st_mode) == 0o640, "other permissions than before")
run("align", "-o", "dangling.sam", anl, r1, r2)
check(body(open("later.sam").read()) == want and os.path.islink("dangling.sam"), "a link to a file to be")
os.symlink("circle.sam", "circle.sam")
refused("align", "-o", "circle.sam", anl, r1, says="circle.sam: Too many levels of symbolic links")
if os.getuid():
    os.chmod("target.sam", 0o444)
    refused("align", "-o", "outer.sam", anl, r1, says="outer.sam: cannot write: Permission denied")

# ---- pipes, devices and descriptors ----

def shell(command):
    p = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "A": ANNEAL, "X": anl, "R1": r1, "R2": r2}, timeout=120)
    check(p.returncode == 0, f"{command}: {p.returncode} {p.stderr}")
    return p.stdout

os.mkfifo("fifo")
check(body(shell("cat fifo & $A align -v1 -o fifo $X $R1 $R2; wait")) == want, "FIFO")
check(body(shell("$A align -v1 -o /dev/stdout $X $R1 $R2 | cat")) == want, "/dev/stdout, a pipe")
check(body(shell("$A align -v1 -o /dev/fd/3 $X $R1 $R2 3>&1 | cat")) == want, "/dev/fd/3")
check(body(shell("exec 9> >(cat >substituted.sam); p=$!; $A align -v1 -o /dev/fd/9 $X <(cat $R1) <(cat $R2); exec 9>&-; wait $p; cat substituted.sam")) == want,
      "process substitution")
check(body(shell("(echo first; $A align -v1 -o /dev/stdout $X $R1 $R2; echo last) >shared.sam; cat shared.sam")) == ["first"] + want + ["last"], "/dev/stdout, a file that others write to")
check(body(shell("$A align -v1 -o - $X $R1 $R2")) == want, "-o -")
json = shell("$A align -v1 -o /dev/null --summary /dev/stdout $X $R1 $R2")
check('"reads": 400' in json, f"summary to /dev/stdout: {json}")
shell("$A align -v1 --output-format bam --sort -o /dev/stdout $X $R1 $R2 >sorted.bam")
check(shell("$A align -v1 sorted.bam $R1 2>&1 || true").strip().endswith("sorted.bam: not an anneal index"), "a BAM where an index should be")
check(sorted(f for f in os.listdir() if ".tmp." in f) == [], "temporary files are left")
p = subprocess.run(["bash", "-c", "$A index -o /dev/stdout $F | cat; exit ${PIPESTATUS[0]}"], capture_output=True, text=True, env={**os.environ, "A": ANNEAL, "F": fasta})
check(p.returncode == 1 and "anneal: /dev/stdout: cannot write: this must be a file, in which one can go back\n" == p.stderr, f"index into a pipe: {p.stderr}")

# ---- what a killed run leaves, the next one removes, and nothing else ----

dead = subprocess.Popen(["true"])
dead.wait()
gone, mine = dead.pid, os.getpid()
kept = [write(f, "x") for f in (f"k.bam.tmp.{mine}", f"k.bam.tmp.{gone}x", f"k.bam.tmp.0{gone}", "k.bam.tmp.", f"ak.bam.tmp.{gone}", f"k.bam.bak.tmp.{gone}", f"k.bam.tmp.{gone}.tmp")]
stale = [write(f, "x") for f in (f"k.bam.tmp.{gone}", f"k.bam.bai.tmp.{gone}", f"k.json.tmp.{gone}")]
run("align", "--sort", "-o", path("k.bam"), "--summary", path("k.json"), anl, r1, r2)
check(not any(map(os.path.exists, stale)), "stale temporary files are left")
check(all(map(os.path.exists, kept)), "a file that is no stale temporary one was removed")
many = write("many.fq", open(r1).read() * 200)
p = subprocess.Popen([ANNEAL, "align", "-v1", "--sort", "-o", path("killed.bam"), anl, many])
while p.poll() is None and not any(f.startswith("killed.bam.tmp.") for f in os.listdir()): time.sleep(0.01)
p.kill()
p.wait()
check(any(f.startswith("killed.bam.tmp.") for f in os.listdir()), "the run was over before it was killed")
run("align", "--sort", "-o", path("killed.bam"), anl, r1)
check(sorted(f for f in os.listdir() if f.startswith("killed")) == ["killed.bam", "killed.bam.bai"], "what the killed run left is still there")

# ---- an index that is written over while it is used ----

def meanwhile(change):
    """Aligns with a copy of the index, to which `change` is done when it is open; status, standard error, and what is left."""
    name = write("changing.anl", open(anl, "rb").read())
    before = set(os.listdir())
    p = subprocess.Popen([ANNEAL, "align", "-v1", "-K", "20000", "-t", "2", "--summary", "s.json", "-o", "changed.bam", name, "fifo"], stderr=subprocess.PIPE, text=True)
    with open("fifo", "w") as reads:  # opened when the other end is: then the index is, too
        change(name)
        try: reads.write(open(r1).read())
        except BrokenPipeError: pass
    said = p.communicate(timeout=60)[1]
    left = set(os.listdir()) - before
    for f in left: os.remove(f)
    return p.returncode, said, left

def overwrite(name):
    with open(name, "r+b") as f:
        f.seek(os.path.getsize(name) // 2)
        byte = f.read(1)[0]
        f.seek(-1, 1)
        f.write(bytes([byte ^ 1]))

def filled(byte):
    """The tables that arrays go by are read once, so not even this may crash."""
    def fill(name):
        with open(name, "r+b") as f: f.write(byte * os.path.getsize(name))
    return fill

refusal = "anneal: {}: the index was changed while it was in use"
for change in (lambda name: os.truncate(name, 0), lambda name: os.truncate(name, 8192), overwrite, *map(filled, (b"\xff", b"\x7f", b"\x01"))):
    status, said, left = meanwhile(change)
    check(status == 1 and said.startswith(refusal.format(path("changing.anl"))) and len(said.splitlines()) == 1 and not left, f"changed index: {status} {said} {left}")
for harmless in (os.utime, os.unlink, lambda name: os.replace(write("other.anl", "other"), name)):
    status, said, left = meanwhile(harmless)
    check((status, said, left) == (0, "", {"changed.bam", "s.json"}), f"unchanged index: {status} {said} {left}")
