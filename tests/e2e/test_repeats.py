#!/usr/bin/env python3
"""Repeats: a read of sequence that several copies share has a MAPQ of at most 3; one over a difference of its copy finds that copy."""
import collections, random
from lib import *

KEY, MARGIN = 32, 10  # bp: of a text that is looked up; at a read's ends, where a clip hides a difference

def turned(s):
    return s[::-1].translate(str.maketrans("ACGTN", "TGCAN"))

def occurrences(texts, contigs):
    """How often each text occurs on both strands of all contigs."""
    keys, found = collections.defaultdict(list), collections.Counter()
    for text in set(texts):
        for strand in {text, turned(text)}: keys[strand[:KEY]].append((strand, text))
    for s in contigs.values():
        for at in range(len(s) - KEY + 1):
            for strand, text in keys.get(s[at:at + KEY], ()): found[text] += s.startswith(strand, at)
    return found

def simulate(rng, contigs, n, error):
    """(contig, pos, reverse, the fragment as it stands there, the read with its errors)"""
    names, weights = list(contigs), [len(s) for s in contigs.values()]
    while n:
        name, length = rng.choices(names, weights)[0], rng.choice((100, 150, 250))
        pos = rng.randrange(len(contigs[name]) - length)
        fragment = contigs[name][pos:pos + length]
        if set(fragment) > set("ACGT"): continue
        read = "".join(rng.choice([b for b in "ACGT" if b != c]) if rng.random() < error else c for c in fragment)
        reverse = rng.random() < 0.5
        yield name, pos, reverse, fragment, turned(read) if reverse else read
        n -= 1

def kinds_of(reads, contigs):
    """shared: the fragment occurs more than once; private: the fragment without its ends occurs once; edge: neither."""
    inner = [r[3][MARGIN:-MARGIN] for r in reads]
    times = occurrences([r[3] for r in reads] + inner, contigs)
    return ["shared" if times[r[3]] > 1 else "private" if times[i] == 1 else "edge" for r, i in zip(reads, inner)]

def right(read, f):
    clip = f[5].split("S")[0]
    return f[2] == read[0] and bool(int(f[1]) & 16) == read[2] and abs(int(f[3]) - 1 - (int(clip) if clip.isdigit() else 0) - read[1]) <= 5

def measure(reads, kinds, sam):
    """A counter of (kind, what was seen)."""
    seen = collections.Counter()
    for read, kind, (f, _) in zip(reads, kinds, (r for r in records(sam) if not int(r[0][1]) & 0x900)):
        mapq, hit = int(f[4]), right(read, f)
        seen[kind, "all"] += 1
        seen[kind, "low"] += mapq <= 3
        seen[kind, "right"] += hit
        seen[kind, "right, above 3"] += hit and mapq > 3
        seen[kind, "wrong, 20 and above"] += not hit and mapq >= 20
    return seen

def check_set(name, contigs, n, low, placed, above):
    """n reads without errors and n with 0.5%: least shares of the shared ones with a MAPQ of at most 3, and, without errors and with them, of
    the private ones that are at their place, and there with a MAPQ above 3."""
    rng = random.Random(1)
    sets = [list(simulate(rng, contigs, n, error)) for error in (0, 0.005)]
    kinds = kinds_of(sets[0] + sets[1], contigs)
    anl = index(f"{name}.anl", write(f"{name}.fa", "".join(f">{c}\n{s}\n" for c, s in contigs.items())))
    for i, reads in enumerate(sets):
        fastq = write(f"{name}.fq", "".join(f"@r{j}\n{r[4]}\n+\n{'I' * len(r[4])}\n" for j, r in enumerate(reads)))
        seen = measure(reads, kinds[i * n:(i + 1) * n], run("align", "-v", 1, anl, fastq)[0])
        what = f"{name}, {'0.5%' if i else 'no'} errors: {dict(seen)}"
        check(sum(seen[k, "all"] for k in ("shared", "private", "edge")) == n, f"{what}: reads are missing")
        check(seen["shared", "low"] >= low * seen["shared", "all"] > 0, f"{what}: a MAPQ in spite of other copies")
        check(seen["private", "right"] >= placed[i] * seen["private", "all"] > 0, f"{what}: at another copy")
        check(seen["private", "right, above 3"] >= above[i] * seen["private", "all"], f"{what}: no MAPQ in spite of a difference")
        check(seen["private", "wrong, 20 and above"] == 0, f"{what}: at another copy with a high MAPQ")

def self_made():
    """Ten copies of 1,500 bp, five on either strand, each with six bases of its own, in a random sequence."""
    rng = random.Random(2)
    unit, out = "".join(rng.choices("ACGT", k=1500)), []
    for i in range(10):
        copy = list(unit)
        for at in rng.sample(range(len(unit)), 6): copy[at] = rng.choice([b for b in "ACGT" if b != unit[at]])
        out += ["".join(rng.choices("ACGT", k=2000)), turned("".join(copy)) if i % 2 else "".join(copy)]
    return {"repeats": "".join(out)}

def fasta(name, *only):
    contigs, file = {}, os.path.join(SHARED, "data", "genomes", name)
    if not os.path.exists(file): skip(f"no {file}; the test's own repeats passed")
    for c in read_gz(file).split(">")[1:]:
        header, *lines = c.splitlines()
        contigs[header.split()[0].replace("#", "_")] = "".join(lines).upper()
    return {c: contigs[c] for c in only or contigs}

# Errors hide differences: some reads with errors fit another copy as well or better. LPA has hundreds of near copies, which keep a MAPQ low.
def all_places():
    """All places of ten reads that a thousand copies share, in memory that grows with their number and not with its square."""
    rng = random.Random(3)
    unit = "".join(rng.choices("ACGT", k=300))
    copies = "".join(unit[:i % 300] + rng.choice("ACGT") + unit[i % 300 + 1:] + "".join(rng.choices("ACGT", k=100)) for i in range(2048))
    many = index("many.anl", write("many.fa", f">r\n{copies}\n"))
    reads = write("many.fq", "".join(f"@q{i}\n{unit[10 * i:10 * i + 150]}\n+\n{'I' * 150}\n" for i in range(10)))
    with open(path("many.sam"), "w") as out:
        p = subprocess.Popen([ANNEAL, "align", "-v1", "--device", "cpu", "-a", many, reads], stdout=out)
        _, status, usage = os.wait4(p.pid, 0)
    n = sum(1 for _ in records(open(path("many.sam")).read()))
    check(status == 0 and n > 10000, f"-a: status {status}, {n} records")
    if "asan" not in ANNEAL and "tsan" not in ANNEAL: check(usage.ru_maxrss < 400 << 10, f"-a: {usage.ru_maxrss >> 10} MiB for {n} records")

all_places()
check_set("own", self_made(), 2000, 0.995, (1, 0.98), (0.98, 0.95))
check_set("lpa", fasta("eval/LPA_8_haplotypes.fa.gz"), 8000, 0.997, (1, 0.98), (0.85, 0.85))
check_set("mhc", fasta("train/human_hg19_alt_3.fa.gz", "chr6_apd_hap1", "chr6_dbb_hap3"), 4000, 0.997, (1, 0.995), (0.995, 0.99))
