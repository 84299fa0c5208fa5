#!/usr/bin/env python3
"""Mates in two pipes that one process writes in turns give the records of the files."""
import shutil, zlib
from lib import *

SECONDS = 60  # none of these runs takes a tenth of it: who waits longer waits for ever

# Opens and writes both in the order and by the pieces that its arguments say.
WRITER = """
import sys
order, sizes = map(int, sys.argv[1]), [int(n) for n in sys.argv[2].split(",")]
data = [open(f, "rb").read() for f in sys.argv[3:5]]
to = {i: open(sys.argv[5 + i], "wb", buffering=0) for i in order}
at = [0, 0]
while to:
    for i in list(to):
        piece = data[i][at[i]:at[i] + sizes[i]]
        while piece: piece = piece[to[i].write(piece):]
        at[i] += sizes[i]
        if at[i] >= len(data[i]): to.pop(i).close()
"""

def aligned(writer, mates, *options):
    """Records while `writer`, a command, writes the two FIFOs."""
    p = subprocess.Popen(writer, stderr=subprocess.DEVNULL)
    try:
        done = subprocess.run([ANNEAL, "align", "-v1", *options, anl, *mates], capture_output=True, text=True, timeout=SECONDS)
        check(done.returncode == 0, f"{writer}: status {done.returncode}, {done.stderr}")
        check(p.wait(SECONDS) == 0, f"{writer}: status {p.returncode}")
    except subprocess.TimeoutExpired:
        sys.exit(f"{writer}: both wait for each other")
    finally:
        p.kill()
        p.wait()
    return body(done.stdout)

anl = index()
text = [read_gz(f).encode() for f in (R1, R2)] # each is many times what a pipe holds
plain = [write(f"{i}.fq", t) for i, t in enumerate(text)]
want = body(run("align", "-v1", anl, *plain)[0])
fifos = [path(f"pipe_{i}") for i in (1, 2)]
for f in fifos: os.mkfifo(f)

def bgzf(data):
    """Blocks of 20,000 bytes and the empty one at the end."""
    def block(b):
        z = zlib.compressobj(6, zlib.DEFLATED, -15)
        c = z.compress(b) + z.flush()
        return (b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + (len(c) + 25).to_bytes(2, "little") + c + zlib.crc32(b).to_bytes(4, "little") + len(b).to_bytes(4, "little"))
    return b"".join(block(data[i:i + 20000]) for i in range(0, len(data), 20000)) + block(b"")

gz = [write(f"{i}.fq.gz", gzip.compress(t, 1)) for i, t in enumerate(text)]
bgz = [write(f"{i}.fq.bgz", bgzf(t)) for i, t in enumerate(text)]
crlf = [write(f"{i}.crlf", t.replace(b"\n", b"\r\n")) for i, t in enumerate(text)]
for files in (plain, gz, bgz, crlf):
    for order, sizes in (("01", "200,200"), ("01", "70000,90000"), ("10", "5000,7000"), ("10", "9000000,9000000")):
        got = aligned([sys.executable, "-c", WRITER, order, sizes, *files, *fifos], fifos, "-t", "2" if order == "10" else "1")
        check(got == want, f"{files[0]}, pieces of {sizes} bytes: other records")

# Programs that do so.
if shutil.which("samtools"):
    subprocess.run(["samtools", "import", "-1", plain[0], "-2", plain[1], "-o", path("u.bam")], check=True)
    fastq = lambda files: ["samtools", "fastq", "-n", "-1", files[0], "-2", files[1], "-0", "/dev/null", path("u.bam")]
    subprocess.run(fastq(plain), check=True, capture_output=True)
    check(open(plain[0], "rb").read().count(b"\n") == text[0].count(b"\n"), "samtools fastq")
    want = body(run("align", "-v1", anl, *plain)[0])
    check(aligned(fastq(fifos), fifos, "-t", "2") == want, "samtools fastq: other records")

    # A BAM is read by htslib, beside text or another one: of it nothing is kept, so that each needs a writer of its own.
    bams = [path(f"{i}.bam") for i in (0, 1)]
    for bam, f in zip(bams, plain): subprocess.run(["samtools", "import", "-0", f, "-o", bam], check=True)
    for files in (bams, [bams[0], plain[1]], [plain[0], bams[1]]):
        want = body(run("align", "-v1", anl, *files)[0])
        check(len(want) > 10000 and aligned(["sh", "-c", 'cat "$0" >"$2" & cat "$1" >"$3"; wait', *files, *fifos], fifos) == want, f"{files}: other records")

# What is wrong is told as of files.
bad = [plain[0], write("bad.fq", text[1][:-300])]
p = subprocess.Popen([sys.executable, "-c", WRITER, "01", "3000,3000", *bad, *fifos], stderr=subprocess.DEVNULL)
said = subprocess.run([ANNEAL, "align", "-v1", anl, *fifos], capture_output=True, text=True, timeout=SECONDS).stderr
p.wait(SECONDS)
expected = subprocess.run([ANNEAL, "align", "-v1", anl, *bad], capture_output=True, text=True).stderr
check(said == expected.replace(bad[0], fifos[0]).replace(bad[1], fifos[1]) and said, f"of pipes: {said}, of files: {expected}")
