#!/usr/bin/env python3
"""Random genomes and random reads: every record is checked against its read, the reference, its mate and the other records of its read.
$ANNEAL_SEED chooses other ones; a failure prints the seed, the options, the record and the read."""
import collections, random, re
from lib import *

SEED = int(os.environ.get("ANNEAL_SEED", "1"))
print("seed", SEED, flush=True)
rng = random.Random(SEED)
ADAPTERS = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTAGATCTCGGTGGTCGCCGTATCATT"
IUPAC = "RYSWKMBDHV"
ARRAY = 400  # bp of a tandem repeat at most: by so many a read in it may be off, and on the other strand where the unit is a palindrome

# ---- genomes -------------------------------------------------------------------------------------------------------------------------

def bases(n, gc=0.5):
    return "".join(rng.choices("ACGT", (1 - gc, gc, gc, 1 - gc), k=n))

def turned(s):
    return s[::-1].translate(str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN"))

def changed(s, rate):
    """With substitutions, and one gap of 1 to 3 bp for every five of them."""
    out = []
    for c in s:
        kind = rng.random() / rate if rate else 1
        if kind < 0.8: out.append(rng.choice("ACGT".replace(c, "")))
        elif kind < 0.9: out.append(c + bases(rng.randint(1, 3)))
        elif kind >= 1: out.append(c)
    return "".join(out)

def put(contig, piece, own):
    """Over a part of the contig, which is not its own any more."""
    at = rng.randrange(len(contig) - len(piece))
    contig[at:at + len(piece)] = piece
    own[at:at + len(piece)] = bytes(len(piece))

def make_genome():
    """Contigs of 4 to 20 kb with what makes places ambiguous or cuts them off, and small ones of 30 to 200 bp; and which bases of each are
    its own: no copy of others, no tandem repeat."""
    family, contigs = bases(rng.randint(200, 700)), []
    for _ in range(4):
        c = list(bases(rng.randint(4000, 20000), rng.choice((0.35, 0.5, 0.65))))
        own = bytearray(b"\1" * len(c))
        for _ in range(3): put(c, (lambda s: s if rng.random() < 0.5 else turned(s))(changed(family, rng.choice((0, 0.01, 0.05)))), own)
        for _ in range(3):
            unit = bases(rng.choice((1, 2, 3, 6, 17, rng.randint(20, 60))))
            put(c, (unit * ARRAY)[:rng.randint(30, ARRAY)], own)
        for length in (1, rng.randint(2, 30), rng.randint(31, 400)): put(c, "N" * length, own)
        for _ in range(len(c) // 1500): put(c, rng.choice(IUPAC), own)
        contigs.append(("".join(c), own))
    for i in range(8):
        length, (of, own) = rng.randint(30, 200), contigs[i % 4]
        at = rng.randrange(len(of) - length)
        if i in (4, 5): own[at:at + length] = bytes(length)
        contigs.append((bases(length) if i < 4 else of[at:at + length] if i < 6 else bases(length // 2) + "N" + bases(length // 2), bytes(length + 1)))
    for i in range(2):
        (c, own), run = contigs[i], rng.randint(1, 200)
        contigs[i] = (c + "N" * run, own + bytes(run)) if i else ("N" * run + c, bytes(run) + own)
    rng.shuffle(contigs)
    return ({f"c{i}": c[k] for i, c in enumerate(contigs) if set(c[0]) > {"N"}} for k in (0, 1))

# ---- reads ---------------------------------------------------------------------------------------------------------------------------

class Read:
    """`places`: (contig, begin, end, reverse) of what it was made of, none where that is not told. `clean`: all of it is there, and nothing else."""
    def __init__(self, seq, places=(), clean=False):
        self.seq, self.places, self.clean = seq, list(places), clean

    def unique(self):
        """Whether half of it, and 60 bp, are found nowhere else."""
        return self.clean and 2 * sum(sum(own[c][begin:end]) for c, begin, end, _ in self.places) >= max(len(self.seq), 120)

def sample(length, contig=None):
    """Bases of one strand of a contig, as many as it has."""
    name = contig or rng.choice(weighted)
    s = genome[name]
    length = min(length, len(s))
    at = rng.randint(0, len(s) - length)
    piece, reverse = s[at:at + length], rng.random() < 0.5
    return (turned(piece) if reverse else piece), (name, at, at + length, reverse)

def spelled(s):
    """Letters that a sequencer writes."""
    return "".join(c if c in "ACGTN" else rng.choice("ACGT") for c in s)

def plain(length):
    s, place = sample(length)
    return Read(s, [place], set(s) <= set("ACGT"))

def joined(*parts):
    return Read("".join(p if isinstance(p, str) else p[0] for p in parts), [p[1] for p in parts if not isinstance(p, str)])

def off_the_end(length):
    name = rng.choice(list(genome))
    s, inside = genome[name], rng.randint(1, max(1, length - 1))
    inside = min(inside, len(s))
    if rng.random() < 0.5: r = Read(bases(length - inside) + s[:inside], [(name, 0, inside, False)])
    else: r = Read(s[-inside:] + bases(length - inside), [(name, len(s) - inside, len(s), False)])
    if rng.random() < 0.5: r = Read(turned(r.seq), [(*p[:3], True) for p in r.places])
    return r

def over_n(length):
    name, at = rng.choice([(n, m.start()) for n, s in genome.items() for m in re.finditer("N+", s)])
    begin = max(0, at - rng.randint(0, length))
    s = genome[name][begin:begin + length]
    return Read("".join(c if c != "N" or rng.random() < 0.3 else rng.choice("ACGT") for c in s), [(name, begin, begin + len(s), False)])

def chimera(length):
    n = rng.randint(2, 4)
    return joined(*(sample(max(10, length // n + rng.randint(-20, 20))) for _ in range(n)))

def deleted(length):
    gap, left = rng.randint(35, 60), rng.randint(20, max(21, length - 20))
    s, (name, begin, end, reverse) = sample(length + gap)
    right = left + gap
    places = [(end - left, end), (begin, end - right)] if reverse else [(begin, begin + left), (begin + right, end)]
    clean = set(s) <= set("ACGT") and min(left, len(s) - right) >= 60 and all(sum(own[name][b:e]) == e - b for b, e in places)
    return Read(s[:left] + s[right:], [(name, b, e, reverse) for b, e in places], clean)

def inserted(length):
    s, place = sample(length)
    at = rng.randint(0, len(s))
    return Read(s[:at] + bases(rng.randint(1, 60)) + s[at:], [place])

def with_tail(length):
    cut = rng.randint(1, length)
    return Read(sample(cut)[0] + rng.choice("GGGA") * (length - cut))

def noise(length):
    return Read(rng.choice((bases(length), "N" * length, rng.choice("ACGT") * length, (bases(rng.randint(2, 5)) * length)[:length])))

def tiny(_):
    s, _ = sample(rng.randint(1, 45))
    return Read(s)

KINDS = (plain, plain, plain, off_the_end, off_the_end, over_n, chimera, chimera, deleted, inserted, with_tail, noise, tiny)

def worn(r, rate):
    """The read with errors and Ns."""
    seq = spelled(r.seq)
    if rate:
        seq = changed(seq, rate)
        if rng.random() < 0.2: seq = "".join("N" if rng.random() < 0.03 else c for c in seq)
    return Read(seq, r.places if 10 * seq.count("N") < len(seq) else (), r.clean and not rate)

def make_single(longest):
    length = rng.randint(401, longest) if longest > 400 and rng.random() < 0.7 else rng.choice((36, 75, 100, 150, 150, 250, 400))
    return worn(rng.choice(KINDS)(length), rng.choice((0, 0, 0.005, 0.02, 0.06)))

def make_pair():
    """Mates of one fragment, sometimes shorter than they are; one of ten with a mate of another kind."""
    length, size = rng.choice((36, 75, 100, 150, 250)), max(1, round(rng.gauss(300, 60)))
    if rng.random() < 0.1: size = rng.randint(1, length)
    s, (name, begin, end, reverse) = sample(size)
    # Of a fragment shorter than the insert sizes allow, copies in a proper pair are better places than its own.
    told, mates = size >= 60, []
    for i, (piece, strand) in enumerate(((s, reverse), (turned(s), not reverse))):
        n = min(length, len(piece))
        mates.append(worn(Read(piece[:n] + ADAPTERS[i][:length - n] if rng.random() < 0.8 else piece[:n],
                               [(name, end - n, end, True) if strand else (name, begin, begin + n, False)][:told],
                               n == length and set(piece[:n]) <= set("ACGT")), rng.choice((0, 0, 0.01, 0.04))))
    if rng.random() > 0.1: return mates
    mates[rng.randrange(2)] = make_single(rng.choice((400, 400, 1000)))
    return [Read(r.seq) for r in mates]  # where one of them seems to lie is no matter of its own any more

def make_reads(n, pairs, longest):
    """[(name, [read] or two of them)]"""
    out = []
    for i in range(n):
        mates = make_pair() if pairs == 1 or (pairs and rng.random() < pairs) else [make_single(longest)]
        for r in mates: r.qual = "".join(chr(33 + rng.randrange(94)) for _ in r.seq)
        out.append((f"r{i}", mates))
    return out

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{r.seq}\n+\n{r.qual}\n" for n, r in reads))

# ---- what a record says --------------------------------------------------------------------------------------------------------------

# What is known to be wrong: whoever mends it takes it out.
KNOWN = set()
faults = collections.defaultdict(list)

def fault(kind, record, detail=""):
    f = record.fields
    faults[kind].append(f"{' '.join(options) or 'default'}: {detail}\n      {' '.join(f[:9] + f[11:])}\n      read {record.read.seq}")

class Alignment:
    """One way to lay `read` on a contig: everything that CIGAR, reference and read say together."""
    def __init__(self, read, contig, pos, reverse, cigar, scores):
        self.read, self.contig, self.pos, self.reverse, self.cigar = read, contig, pos, reverse, cigar.replace("H", "S")
        self.ops = [(int(n), o) for n, o in re.findall(r"(\d+)([MIDNSHP=X])", cigar)]
        self.seq = turned(read.seq) if reverse else read.seq
        self.fits = "".join(f"{n}{o}" for n, o in self.ops) == cigar and sum(n for n, o in self.ops if o in "MISH=X") == len(self.seq)
        self.end = pos + sum(n for n, o in self.ops if o in "MD=X")
        self.inside = 0 <= pos and self.end <= len(genome[contig])
        if self.fits and self.inside: self.walk(scores)

    def walk(self, scores):
        """Sets nm, md, cs, score, eqx (whether = and X are right), left (gaps cannot go further left) and runs: (read, reference, length)."""
        match, mismatch, *gaps = scores
        ref, q, r = genome[self.contig], 0, self.pos
        self.nm = self.score = equal = 0
        self.md, self.cs, self.runs, self.eqx, self.left = "", "", [], True, True
        for at, (n, op) in enumerate(self.ops):
            before = self.ops[at - 1] if at else (0, "S")
            if op in "SH": q += n
            elif op in "ID":
                s, i = (self.seq, q) if op == "I" else (ref, r)
                if before[1] in "M=" and before[0] > 1 and self.ops[at + 1][1] in "M=X" and s[i - 1] == s[i + n - 1] and s[i - 1] in "ACGT": self.left = False
                if op == "D":
                    self.md += f"{equal}^{ref[r:r + n]}"
                    equal = 0
                self.cs += ("+" if op == "I" else "-") + s[i:i + n].lower()
                self.nm += n
                self.score -= min(o + n * e for o, e in gaps)
                q, r = (q + n, r) if op == "I" else (q, r + n)
            else:
                self.runs.append((q, r, n))
                for i in range(n):
                    a, b = self.seq[q + i], ref[r + i]
                    same = a == b and a in "ACGT"
                    self.eqx = self.eqx and (op == "M" or (op == "=") == same)
                    if same:
                        equal += 1
                        self.score += match
                        self.cs += "="
                        continue
                    self.md += f"{equal}{b}"
                    equal = 0
                    self.nm += 1
                    self.score -= mismatch if a in "ACGT" and b in "ACGT" else 1
                    self.cs += f"*{b}{a}".lower()
                q, r = q + n, r + n
        self.md += str(equal)
        self.cs = re.sub("=+", lambda m: f":{len(m[0])}", self.cs)

    def columns(self):
        return sum(n for _, _, n in self.runs)

    def shared(self, other):
        """Columns, a base of the read on one of the reference, that both have."""
        if (self.contig, self.reverse) != (other.contig, other.reverse): return 0
        return sum(max(0, min(q + n, p + m) - max(q, p)) for q, r, n in self.runs for p, s, m in other.runs if r - q == s - p)

    def same_place(self, other):
        return 2 * self.shared(other) >= min(self.columns(), other.columns())

    def bases(self):
        """Bases of the read, as it was sequenced, that stand in columns."""
        flip = (lambda q: len(self.seq) - 1 - q) if self.reverse else (lambda q: q)
        return {flip(q + i) for q, _, n in self.runs for i in range(n)}

    def text(self):
        return f"{self.contig}:{self.pos + 1}{'-' if self.reverse else '+'} {self.cigar}"

class Record:
    def __init__(self, line, read, scores):
        f = self.fields = line.split("\t")
        self.read, self.name, self.flag, self.mapq = read, f[0], int(f[1]), int(f[4])
        self.contig, self.pos, self.cigar, self.tlen = f[2], int(f[3]), f[5], int(f[8])
        self.tags = {t[:2]: t[5:] for t in f[11:]}
        self.unmapped, self.reverse = bool(self.flag & 4), bool(self.flag & 16)
        self.secondary = bool(self.flag & 0x100) and f[9] == "*"
        self.part = bool(self.flag & 0x900) and not self.secondary
        self.at = None if self.unmapped else Alignment(read, self.contig, self.pos - 1, self.reverse, self.cigar, scores)

    def expect(self, condition, kind, detail=""):
        if not condition: fault(kind, self, detail)

# ---- checks of one record ------------------------------------------------------------------------------------------------------------

OWN_TAGS = "NM MD AS XS SA XA cs".split()

def check_flags(r, paired, mate):
    pair = (0x1, 0x41, 0x81)[mate] if paired else 0
    r.expect(r.flag & 0xC1 == pair and not r.flag & 0x600, "pair flags")
    if not paired: r.expect(not r.flag & 0x2A and r.fields[6:9] == ["*", "0", "0"] and not {"MC", "MQ"} & set(r.tags), "mate fields of a single read")
    r.expect(len(r.tags) == len(r.fields) - 11, "a tag twice")
    r.expect(not r.unmapped or not r.flag & 0x912, "flags of an unmapped read")
    allowed = (0x100 if "-M" in options or "-a" in options else 0) | (0 if "-M" in options else 0x800)
    r.expect(r.flag & 0x900 & ~allowed == 0 and r.flag & 0x900 != 0x900, "secondary and supplementary flags")

def check_letters(r):
    """SEQ and QUAL are those of the read, or what hard clips leave of them."""
    seq, qual = (turned(r.read.seq), r.read.qual[::-1]) if r.reverse else (r.read.seq, r.read.qual)
    ends = re.match(r"(?:(\d+)H)?.*?(?:(\d+)H)?$", r.cigar)
    begin, end = int(ends[1] or 0), len(seq) - int(ends[2] or 0)
    wanted = ["*", "*"] if r.secondary or begin == end else [seq[begin:end], qual[begin:end]]
    r.expect(r.fields[9:11] == wanted, "SEQ or QUAL is not the read's")
    r.expect(("H" in r.cigar) <= (r.part and "-Y" not in options), "hard clips")
    r.expect(not r.part or "-Y" in options or "S" not in r.cigar, "soft clips of a supplementary record")

def check_alignment(r):
    a, t = r.at, r.tags
    if not a.fits or not a.inside: return fault("CIGAR does not fit the read or the contig", r)
    kinds = [o for _, o in a.ops]
    inner = "".join(kinds).strip("SH")
    r.expect(all(n > 0 for n, _ in a.ops) and all(x != y for x, y in zip(kinds, kinds[1:])) and not set("SHNP") & set(inner) and
             inner[0] in "M=X" and inner[-1] in "M=X" and len(kinds) - len(inner) <= 2, "CIGAR: odd operations")
    r.expect(a.eqx and ("--eqx" in options) == ("M" not in kinds), "= and X")
    r.expect(a.left, "a gap that could lie further left")
    r.expect(t.get("NM") == str(a.nm), "NM", f"{a.nm} wanted")
    r.expect(re.sub("[RYSWKMBDHV]", "N", a.md) == re.sub("[RYSWKMBDHV]", "N", t.get("MD", "")), "MD", f"{a.md} wanted")
    r.expect(a.md == t.get("MD") or a.md.translate(str.maketrans(IUPAC, "N" * 10)) != t.get("MD"), "MD: IUPAC letters", f"{a.md} wanted")
    r.expect(t.get("AS") == str(a.score), "AS", f"{a.score} wanted")
    if "--cs" in options: r.expect(a.cs == t.get("cs"), "cs", f"{a.cs} wanted")
    r.expect(0 <= r.mapq <= 60 and (not r.secondary or r.mapq == 0), "MAPQ")
    r.expect(r.secondary == ("XS" not in t), "XS is missing")
    r.expect(r.secondary or 0 <= int(t["XS"]) <= max(0, a.score), "XS above AS")

def check_unmapped(r):
    r.expect(r.cigar == "*" and r.mapq == 0 and not set(OWN_TAGS) & set(r.tags), "fields of an unmapped read")
    tail = re.search("G{20,}$", r.read.seq)  # is cut off, as machines with two colours read it behind the end of a fragment
    r.expect(not r.read.clean or len(r.read.seq) - len(tail.group() if tail else "") < 50, "a clean read of 50 bp and more is unmapped")

def check_mate(r, primary, mate):
    """`mate`, `primary`: the primary records of the mate and of this read."""
    f, where = r.fields, mate.fields[2:4] if not (mate.unmapped and primary.unmapped) else ["*", "0"]
    r.expect(bool(r.flag & 8) == mate.unmapped and bool(r.flag & 32) == mate.reverse, "mate flags")
    r.expect([f[6] if f[6] != "=" else f[2], f[7]] == where and (f[6] != f[2] or f[6] == "*"), "RNEXT or PNEXT")
    r.expect(r.tags.get("MC") == (None if mate.unmapped else mate.cigar), "MC")
    r.expect(r.tags.get("MQ") == (None if mate.unmapped else str(mate.mapq)), "MQ")
    if r.unmapped: r.expect(f[2:4] == where, "place of an unmapped read")
    elif mate.unmapped: r.expect(where == primary.fields[2:4], "place of an unmapped mate")
    tlen = 0
    if not r.unmapped and not mate.unmapped and r.contig == mate.contig: # as bwa mem: between the 5' ends, both included
        here, there = (a.at.end - 1 if a.reverse else a.at.pos for a in (r, mate))
        tlen = there - here + (there > here) - (there < here)
    r.expect(r.tlen == tlen, "TLEN", f"{tlen} wanted")
    r.expect(not r.flag & 2 or not (r.unmapped or mate.unmapped) and mate.contig == primary.contig, "proper pair")
    r.expect(r.flag & 2 == mate.flag & 2, "a pair proper on one side")

# ---- checks of all records of a read -------------------------------------------------------------------------------------------------

def check_group(group, read):
    whole = [r for r in group if not r.flag & 0x900]
    parts, others = [r for r in group if not r.secondary], [r for r in group if r.secondary]
    group[0].expect(len(whole) == 1 and whole[0] is group[0], "one primary record, the first")
    group[0].expect(not group[0].unmapped or len(group) == 1, "more records of an unmapped read")
    if group[0].unmapped or not all(r.at.fits and r.at.inside for r in group): return
    check_sa(parts)
    for i, r in enumerate(group):
        for s in group[:i]:
            r.expect(r.at.text() != s.at.text(), "a record twice")
            if r.at.text() != s.at.text(): r.expect(not r.at.same_place(s.at), "one place twice in a read's records", s.at.text())
    for i, r in enumerate(parts):
        for s in parts[:i]:
            shared = len(r.at.bases() & s.at.bases())
            r.expect(2 * shared <= min(r.at.columns(), s.at.columns()), "parts of a read share more than half of the shorter one", s.at.text())
    best = max(parts, key=lambda r: r.at.score)
    parts[0].expect(parts[0].flag & 1 or len(read.seq) > 400 or best is parts[0], "a segment scores more than the primary one", best.at.text())
    for r in parts: check_xa(r, parts)
    for s in others:
        rivals = [r for r in parts if compete(r.at, s.at)]
        s.expect(not rivals or any(int(r.tags["XS"]) >= min(s.at.score, r.at.score) for r in rivals), "XS below the score of a secondary record")

def compete(a, b):
    """Whether two alignments claim the same bases of the read: half of the shorter one."""
    return 2 * len(a.bases() & b.bases()) >= min(a.columns(), b.columns())

def check_sa(parts):
    entry = lambda r: f"{r.contig},{r.pos},{'-' if r.reverse else '+'},{r.at.cigar},{r.mapq},{r.tags['NM']};"
    for r in parts: r.expect(r.tags.get("SA", "") == "".join(entry(s) for s in parts if s is not r), "SA")

def check_xa(r, parts):
    """Other places for the bases of a part, each there once and none of them a place of the read itself."""
    listed = []
    r.expect("-a" not in options or "XA" not in r.tags, "XA beside -a")
    for entry in r.tags.get("XA", "").split(";")[:-1]:
        m = re.fullmatch(r"([^,]+),([+-])(\d+),([^,]+),(\d+)", entry)
        a = Alignment(r.read, m[1], int(m[3]) - 1, m[2] == "-", m[4], SHORT)
        if not a.fits or not a.inside: return fault("XA: does not fit the read or the contig", r, entry)
        r.expect(a.nm == int(m[5]), "XA: NM", f"{a.nm} wanted: {entry}")
        r.expect(5 * a.score >= 4 * r.at.score, "XA: below 0.8 of the score", entry)
        r.expect(compete(a, r.at), "XA: a place for other bases", entry)
        r.expect(int(r.tags["XS"]) >= min(a.score, r.at.score), "XS below the score of a place in XA", entry)
        for s in parts: r.expect(not a.same_place(s.at), "XA: a place of the read itself", f"{a.text()} is {s.at.text()}")
        for b in listed: r.expect(not a.same_place(b), "XA: a place twice", f"{a.text()} {b.text()}")
        listed.append(a)
    r.expect(len(listed) <= 5, "XA: more than five places")

def check_truth(r, read):
    """A good MAPQ is given at a true place only, and where that is the only one."""
    r.expect(not read.unique() or r.mapq >= 20, "MAPQ below 20 of a clean read of unique sequence", f"{read.places}")
    if r.unmapped or r.mapq < 30 or not read.places or len(read.places) > 1 and len(read.seq) > 400: return
    near = [p for p in read.places if p[0] == r.contig and p[1] - ARRAY < r.at.end and r.at.pos < p[2] + ARRAY]
    r.expect(near, "MAPQ of 30 and more at a wrong place", f"{read.places}")

# ---- runs ----------------------------------------------------------------------------------------------------------------------------

SHORT = (1, 4, (6, 1))  # match, mismatch, then open and extend of each gap cost
PRESETS = {"sr": SHORT, "hifi": (1, 4, (6, 2), (26, 1)), "ont": (2, 4, (4, 2), (24, 1))}  # of reads over 400 bp

def split_records(sam, reads):
    """The records of every read, in the order of the input; each record once."""
    lines = [line for line in sam.splitlines() if not line.startswith("@")]
    order = [(name, i if len(mates) == 2 else 0, mate) for name, mates in reads for i, mate in enumerate(mates, 1)]
    preset = options[options.index("-x") + 1] if "-x" in options else "ont"
    at, groups = -1, [[] for _ in order]
    for line in lines:
        name, flag = line.split("\t", 2)[:2]
        if not int(flag) & 0x900: at += 1
        check(0 <= at < len(order) and order[at][0] == name, f"{options}: a record out of order: {line}")
        long = len(order[at][2].seq) > 400
        groups[at].append(Record(line, order[at][2], PRESETS[preset] if long else SHORT))
    check(at == len(order) - 1, f"{options}: {at + 1} of {len(order)} reads are answered")
    return order, groups

def check_run(reads, *files):
    order, groups = split_records(run("align", "-v", 1, *options, anl, *files)[0], reads)
    for (name, mate, read), group in zip(order, groups):
        for r in group:
            check_flags(r, mate > 0, mate)
            check_letters(r)
            if r.unmapped: check_unmapped(r)
            else: check_alignment(r)
        check_group(group, read)
        check_truth(group[0], read)
    for i, (_, mate, _) in enumerate(order):
        if not mate: continue
        other = groups[i + 1 if mate == 1 else i - 1][0]
        for r in groups[i]: check_mate(r, groups[i][0], other)
    return sum(map(len, groups))

SETS = (  # reads, share of pairs, longest, options
    (700, 1, 0), (500, 1, 0, "-a"), (300, 1, 0, "-M"), (300, 1, 0, "-Y"), (300, 1, 0, "-a", "-Y", "-M"), (300, 1, 0, "--eqx", "--cs"),
    (400, 0.5, 400, "-p"), (500, 0, 400), (300, 0, 400, "-a", "-T", "20"), (250, 0, 3000), (200, 0, 3000, "-a", "--eqx"),
    (150, 0, 3000, "-x", "hifi", "-Y"), (150, 0, 3000, "-x", "sr", "-a", "-M"),
)
total = 0
for genome, own in (make_genome(), make_genome()):
    weighted = rng.choices(list(genome), [len(s) for s in genome.values()], k=200) + list(genome)
    anl = index("random.anl", write("random.fa", "".join(f">{n}\n{s if rng.random() < 0.5 else s.lower()}\n" for n, s in genome.items())))
    for n, pairs, longest, *options in SETS:
        reads = make_reads(n // 2, pairs, longest)
        if pairs == 1: files = [fastq(f"{m + 1}.fq", [(name, mates[m]) for name, mates in reads]) for m in range(2)]
        else: files = [fastq("reads.fq", [(name, r) for name, mates in reads for r in mates])]
        total += check_run(reads, *files)

print(total, "records")
for kind, examples in sorted(faults.items()): print(f"{len(examples):5} {kind}\n" + "".join(f"    {e}\n" for e in examples[:3]))
new = {kind: v for kind, v in faults.items() if kind not in KNOWN}
check(not new, f"seed {SEED}: " + ", ".join(f"{kind} ({len(v)})" for kind, v in sorted(new.items())))
