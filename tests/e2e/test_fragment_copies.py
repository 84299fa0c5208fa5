#!/usr/bin/env python3
"""Among equal places the bases of a fragment choose, not its name: copies of one fragment stay together, so that duplicates are found; and MD
names the letters of the reference as samtools calmd does."""
import collections, random
from lib import *

rng = random.Random(11)
bases = lambda n: "".join(rng.choices("ACGT", k=n))
turned = lambda s: s[::-1].translate(str.maketrans("ACGT", "TGCA"))

twice = bases(2000)
starts = [3000, 9000]
genome = bases(3000) + twice + bases(4000) + twice + bases(3000)
anl = index("copies.anl", write("copies.fa", f">c\n{genome}\n"))
FRAGMENTS, COPIES = 24, 6

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

def names():
    return [(i, f"{bases(8)}:{i}.{k}") for i in range(FRAGMENTS) for k in range(COPIES)]

def check_together(what, found):
    """found: (fragment, offset in the copy, place) of every read."""
    places = collections.defaultdict(set)
    for fragment, offset, pos in found: places[fragment].add(pos - offset)
    check(all(p <= set(starts) for p in places.values()), f"{what}: not on a copy: {dict(places)}")
    apart = [f for f, p in places.items() if len(p) > 1]
    check(not apart, f"{what}: copies of {len(apart)} of {FRAGMENTS} fragments lie apart")
    check(set().union(*places.values()) == set(starts), f"{what}: every fragment on one of the two copies")

for length in (100, 150, 600):
    offsets = [rng.randrange(len(twice) - length) for _ in range(FRAGMENTS)]
    strands = [rng.choice((str, turned)) for _ in range(FRAGMENTS)]
    ids = names()
    reads = fastq("single.fq", [(n, strands[i](twice[offsets[i]:offsets[i] + length])) for i, n in ids])
    found = [(i, offsets[i], int(f[3]) - 1) for (i, _), (f, _) in zip(ids, records(run("align", "-v", 1, anl, reads)[0]))]
    check_together(f"reads of {length} bp", found)

offsets, sizes = [rng.randrange(1500) for _ in range(FRAGMENTS)], [rng.randint(350, 450) for _ in range(FRAGMENTS)]
ids = names()
one = fastq("1.fq", [(n, twice[offsets[i]:offsets[i] + 100]) for i, n in ids])
two = fastq("2.fq", [(n, turned(twice[offsets[i] + sizes[i] - 100:offsets[i] + sizes[i]])) for i, n in ids])
out = list(records(run("align", "-v", 1, "-I", "400,30", anl, one, two)[0]))
check(all(int(f[1]) & 2 for f, _ in out), "proper pairs")
check_together("pairs", [(i, offsets[i], int(f[3]) - 1) for (i, _), (f, _) in zip(ids, out[::2])])

# MD, and NM, of every alignment are those of samtools calmd, whatever letters the reference has.
if not shutil.which("samtools"): skip("no samtools; the rest passed")
letters = list(genome)
for at in range(50, len(letters), 97): letters[at] = rng.choice("RYSWKMBDHVN")
fasta = write("letters.fa", ">c\n" + "".join(letters) + "\n")
anl = index("letters.anl", fasta)
reads = []
for i in range(400):
    length, at = rng.choice((80, 150, 250, 700)), rng.randrange(len(genome) - 800)
    gap = rng.choice((0, 0, 0, 4))
    reads.append((f"r{i}", rng.choice((str, turned))(genome[at:at + length // 2] + genome[at + length // 2 + gap:at + length + gap])))
sam = run("align", "-v", 1, "-Y", anl, fastq("letters.fq", reads))[0]
calmd = subprocess.run(["samtools", "calmd", "-", fasta], input=sam, capture_output=True, text=True)
check(calmd.returncode == 0, calmd.stderr)
ours, theirs = ([(f[0], f[2:6], t["MD"].upper(), t["NM"]) for f, t in records(text) if not int(f[1]) & 4] for text in (sam, calmd.stdout))
differ = [(a, b[2:]) for a, b in zip(ours, theirs) if a != b]
check(len(ours) > 380 and not differ, f"{len(differ)} of {len(ours)} differ from samtools calmd: {differ[:3]}")
