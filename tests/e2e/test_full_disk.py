#!/usr/bin/env python3
"""A disk that is full, stood in for by a limit on the size of files: the file and the reason are told, in every format, and no file is left."""
import random, resource, signal
from lib import *

anl = index()
reads = subset(500 if "tsan" in ANNEAL else 2000)

def limited(limit, *args):
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    before = set(os.listdir(TEMP))
    p = subprocess.run([ANNEAL, *map(str, args)], capture_output=True, text=True, timeout=60, preexec_fn=set_limit)
    left = set(os.listdir(TEMP)) - before
    check(not left, f"{limit} bytes, {args}: left {left}")
    return p.returncode, p.stderr

def alone(form, order, threads, out):
    """The command, and the size of what it writes, which is removed."""
    command = ["align", "-v1", "-t", threads, *order, "--output-format", form, "-o", out, anl, *reads]
    run(*command)
    size = os.path.getsize(out)
    for name in os.listdir(os.path.dirname(out)):
        if name.startswith("x"): os.remove(os.path.join(os.path.dirname(out), name))
    return command, size

# Where writing ends: in the header, in the middle, in the last block.
out = path("x")
for form in ("sam", "sam.gz", "bam", "paf"):
    for order in ([], ["--sort"]) if form != "paf" else ([],):
        for threads in (1, 3):
            command, size = alone(form, order, threads, out)
            for limit in (10, size // 2, size - 1):
                got = limited(limit, *command)
                check(got == (1, f"anneal: {out}: cannot write: File too large\n"), f"{form} {order} -t {threads}: {limit} of {size} bytes: {got}")

# A CRAM goes through memory, to which such a limit applies as well: a small disk, where one may be mounted.
disk = path("disk")
os.mkdir(disk)
SMALL = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && "$@"; status=$?; ls -A "$DISK"; exit $status', "sh"]
def on_small_disk(size, *command):
    p = subprocess.run([*SMALL, str(size), disk, *map(str, command)], capture_output=True, text=True, timeout=60, env={**os.environ, "DISK": disk})
    return p.returncode, p.stdout, p.stderr
if on_small_disk(4096, "true")[0] == 0:
    out = os.path.join(disk, "x")
    for order in ([], ["--sort"]):
        for threads in (1, 3):
            command, size = alone("cram", order, threads, out)
            for limit in (8192, size // 4, size // 2, size - 8192):
                got = on_small_disk(limit, ANNEAL, *command)
                check(got == (1, "", f"anneal: {out}: cannot write: No space left on device\n"), f"cram {order} -t {threads}: {limit} of {size} bytes: {got}")

# The index of the records.
out = path("x")
for form, ending in (("bam", ".bai"), ("cram", ".crai")):
    os.symlink("/dev/full", out + ending)
    for threads in (1, 3):
        refused("align", "-t", threads, "--sort", "--output-format", form, "-o", out, anl, *reads, says=f"x{ending}: cannot write: No space left on device")

# What is no file.
for form in ("sam", "sam.gz", "bam", "cram", "paf"):
    for threads in (1, 3):
        refused("align", "-t", threads, "--output-format", form, "-o", "/dev/full", anl, *reads, says="/dev/full: cannot write: No space left on device")
for command in (["--help"], ["info", anl], ["align", "--help"]):
    with open("/dev/full", "w") as full:
        p = subprocess.run([ANNEAL, *command], stdout=full, stderr=subprocess.PIPE, text=True)
    check((p.returncode, p.stderr) == (1, "anneal: standard output: cannot write: No space left on device\n"), f"{command} to a full disk: {p.returncode} {p.stderr}")
genome = write("genome.fa", ">g\n" + "".join(random.Random(1).choices("ACGT", k=300_000)) + "\n")
refused("train", "--dim", 32, "--layers", 0, "--linear-pairs", 3200, "--pairs", 3200, "--batch", 32, "--log", "/dev/full", "-o", path("x.anm"), genome,
        says="/dev/full: cannot write: No space left on device")
