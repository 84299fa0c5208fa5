#!/usr/bin/env python3
"""An index with a flipped bit anywhere: a run that uses it ends with status 1 and leaves nothing, whatever it has aligned by then; anneal check tells which part it is."""
import random, struct
from lib import *

anl = index()
whole = open(anl, "rb").read()
SECTIONS = [struct.unpack_from("<QQQ", whole, 120 + 24 * i) for i in range(12)]
NAMES = [line.split("\t")[0] for line in run("check", anl)[0].splitlines()]
LARGE = ("bases", "vectors", "biases of vectors", "windows of vectors", "uniqueness map")
r1, r2 = subset(300)
empty = write("empty.fq", "")
rng = random.Random(1)
client = os.path.join(os.path.dirname(ANNEAL), "library_client")

def checked(name, status=0):
    return [tuple(line.split("\t")) for line in run("check", name, status=status)[0].splitlines()]

check([(n, int(b)) for n, b, _ in checked(anl)] == [(n, size) for n, (_, size, _) in zip(NAMES, SECTIONS)] and len(NAMES) == 12, f"{checked(anl)}")
check(all(word == "ok" for *_, word in checked(anl)) and set(LARGE) < set(NAMES), f"{checked(anl)}")
want = body(run("align", "-v1", anl, r1, r2)[0])
for name, (offset, size, _) in zip(NAMES, SECTIONS):
    if not size: continue
    for at in {offset, offset + size - 1, offset + rng.randrange(size)} if name in LARGE else {offset}:
        bad = write("bad.anl", whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1:])
        says = f"bad.anl: corrupt (checksum of the {name})"
        refused("align", "-v1", "-K", 20000, "-t", 1 + at % 2, "-o", path("x.bam"), "--summary", path("x.json"), "--un", path("x.fq"), bad, r1, r2, says=says, status=1)
        if at > offset: continue
        refused("align", "-v1", "--sort", "-o", path("x.bam"), bad, r1, says=says, status=1)
        refused("align", "-v1", "-o", path("x.sam"), bad, empty, says=says, status=1)
        refused("align", "-v1", "--search", "faiss", "-o", path("x.sam"), bad, r1, says=says, status=1)
        refused("export-faiss", bad, path("x.faiss"), says=says, status=1)
        out, said = run("align", "-v1", bad, r1, r2, status=1)
        check(says in said and len(said.splitlines()) == 1, f"{name}: to standard output: {said}")
        for how in ("batch", "each"):
            p = subprocess.run([client, bad, how], input="r\t" + open(r1).read().split("\n")[1] + "\n", capture_output=True, text=True)
            check(p.returncode and says in p.stderr and not p.stdout, f"{name}: libanneal, {how}: {p.returncode} {p.stderr} {p.stdout}")
        if name not in LARGE:
            refused("check", bad, says=says, status=1)
            continue
        damaged = [n for n, _, word in checked(bad, status=1) if word == "damaged"]
        check(damaged == [name], f"{name}: damaged are {damaged}")
check(body(run("align", "-v1", anl, r1, r2)[0]) == want, "another answer")
refused("check", path("none.anl"), says="none.anl: No such file")
refused("check", r1, says="not an anneal index")
refused("check", write("cut.anl", whole[:len(whole) // 2]), says="cut.anl: truncated")
