#!/usr/bin/env python3
"""Tags of the input: per-base ones follow SEQ through strand and clips, base modifications name the same bases, an aligner's are gone."""
import random, re
from lib import *

anl = index()
rng = random.Random(7)
genome = {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
opposite = str.maketrans("ACGT", "TGCA")

def reverse(s): return s.translate(opposite)[::-1]

def piece(n):
    name = rng.choice(sorted(genome))
    at = rng.randrange(len(genome[name]) - n)
    return genome[name][at:at + n] if rng.random() < .5 else reverse(genome[name][at:at + n])

def qualities(n): return "".join(chr(33 + rng.randrange(2, 41)) for _ in range(n))

def mods(seq):
    """MM and ML for a random half of the C (two codes) and a third of the A; and what they say: position -> probabilities."""
    text, ml, said = "", [], {}
    for base, code, n in (("C", "C+mh?", 2), ("A", "A+a.", 1)):
        text += code
        skip = 0
        for i, c in enumerate(seq):
            if c != base: continue
            if rng.random() < .6: skip += 1
            else:
                said[i] = [rng.randrange(256) for _ in range(n)]
                ml += said[i]
                text += f",{skip}"
                skip = 0
        text += ";"
    return text, ml, said

def decode(mm, ml, seq):
    """Position in `seq`, in the order of sequencing, -> probabilities."""
    said, ml = {}, list(ml)
    for group in mm.rstrip(";").split(";"):
        head, *skips = group.split(",")
        places = [i for i, c in enumerate(seq) if c == head[0]]
        n, at = len(re.match(r".[+-]([a-z]+)", head)[1]), -1
        for s in map(int, skips):
            at += s + 1
            said[places[at]] = [ml.pop(0) for _ in range(n)]
    check(not ml, "probabilities are left over")
    return said

reads, said = {}, {}
for i in range(60):
    seq = piece(130) + piece(110) if i % 2 else piece(300) + piece(250) + piece(280) if i % 10 == 0 else piece(150)
    reads[f"r{i}"] = seq
lines, fastq = [], []
for name, seq in reads.items():
    mm, ml, said[name] = mods(seq)
    q, e2, ip = qualities(len(seq)), "".join(rng.choice("ACGT") for _ in seq), [rng.randrange(256) for _ in seq]
    tags = [f"OQ:Z:{q}", f"E2:Z:{seq}", f"sq:Z:{q}", "ip:B:C," + ",".join(map(str, ip)), "ri:B:C," + ",".join(map(str, ip[::-1])), f"MM:Z:{mm}",
            "ML:B:C," + ",".join(map(str, ml)), f"MN:i:{len(seq)}", "mv:B:c,5,1,0,1", "RX:Z:ACGT", "cm:i:9", "NM:i:99", "ts:i:5", "XT:i:7",
            "tp:B:c," + ",".join(str(v // 2) for v in ip)]
    lines.append("\t".join([name, "4", "*", "0", "0", "*", "*", "0", "0", seq, q] + tags))
    fastq.append(f"@{name} " + "\t".join(tags) + f"\n{seq}\n+\n{q}\n")
ubam, fq = write("u.sam", "".join(line + "\n" for line in lines)), write("u.fq", "".join(fastq))

def check_record(f, t, whole):
    name, flag, seq, qual = f[0], int(f[1]), f[9], f[10]
    original, back = reads[name], bool(flag & 16)
    check("cm" not in t and t.get("NM") != "99" and t["RX"] == "ACGT" and t["ts"] == "5" and t["XT"] == "7", f"{name}: {sorted(t)}")
    if seq == "*":
        check(not {"OQ", "E2", "sq", "ip", "ri", "tp", "MM", "ML", "MN", "mv"} & set(t), f"{name}: tags of bases that the record does not have: {sorted(t)}")
        return 0
    read = reverse(seq) if back else seq
    ops = [(int(n), o) for n, o in re.findall(r"(\d+)([MIDNSH=X])", f[5])]
    hard = [ops[0][0] if ops and ops[0][1] == "H" else 0, ops[-1][0] if ops and ops[-1][1] == "H" else 0]
    begin, end = hard[back], len(original) - hard[not back]
    check(read == original[begin:end] and not (whole and any(hard)), f"{name}: SEQ")
    check(t["OQ"] == qual and t["E2"] == seq and t["sq"] == (qual[::-1] if back else qual), f"{name} {flag} {f[5]}: OQ, E2 or sq")
    check(decode(t["MM"], map(int, t["ML"].split(",")[1:]), read) == {i - begin: p for i, p in said[name].items() if begin <= i < end},
          f"{name} {flag} {f[5]}: MM says {t['MM']}")
    ip = [int(v) for v in t["ip"].split(",")[1:]]
    check(int(t["MN"]) == len(seq) == len(ip) and t["ri"].split(",")[1:] == [str(v) for v in ip[::-1]], f"{name} {flag} {f[5]}: MN, ip or ri")
    check(t["tp"].split(",")[1:] == [str(v // 2) for v in (ip[::-1] if back else ip)], f"{name} {flag} {f[5]}: tp")
    check(ip == [int(v) for v in lines[int(name[1:])].split("ip:B:C,")[1].split("\t")[0].split(",")][begin:end], f"{name}: ip")
    check(("mv" in t) == (len(seq) == len(original)), f"{name} {f[5]}: mv")
    return 1 + any(hard) + 2 * back

kinds = set()
for options in ([], ["-Y"], ["-a"]):
    for inputs in ([ubam], ["-C", fq]):
        sam = run("align", *options, anl, *inputs)[0]
        kinds |= {check_record(f, t, "-Y" in options) for f, t in records(sam)}
check({1, 2, 3, 4} <= kinds, f"the reads show only {kinds}")

# The aligned file in again, forward and reverse records: the same records.
first = write("first.sam", run("align", anl, ubam)[0])
check(body(run("align", anl, first)[0])[-60:] == body(open(first).read())[-60:], "aligned twice: other records")
run("align", "-o", path("first.cram"), anl, ubam)
check(body(run("align", anl, path("first.cram"))[0])[-60:] == body(open(first).read())[-60:], "through CRAM: other records")

# PAF counts along the whole read, and so do its tags; nothing is there twice.
for line in run("align", "--output-format", "paf", anl, ubam)[0].splitlines():
    f = line.split("\t")
    names = [t[:2] for t in f[12:]]
    check(len(set(names)) == len(names), f"PAF: a tag twice: {names}")
    t = {x[:2]: x[5:] for x in f[12:]}
    check(t["E2"] == reads[f[0]] and int(t["MN"]) == int(f[1]), f"PAF: {line}")

# What does not describe the read is kept where nothing is cut, and not where something is.
seq = reads["r1"]
for mm, ml, mn in ((f"C+m,{len(seq)};", "9", len(seq)), ("C+m,0;", "9,9", len(seq)), ("C+m,0;", "9", len(seq) + 1)):
    odd = write("odd.sam", f"r1\t4\t*\t0\t0\t*\t*\t0\t0\t{seq}\t*\tMM:Z:{mm}\tML:B:C,{ml}\tMN:i:{mn}\n")
    found = [("H" in f[5], "MM" in t, "ML" in t, "MN" in t) for f, t in records(run("align", anl, odd)[0])]
    check(sorted(found) == [(False, True, True, True), (True, False, False, False)], f"{mm} {ml} {mn}: {found}")

# Corrupt tags, and those that would break a line of SAM.
bam = write("bad.bam", gzip.compress(b"BAM\1" + (0).to_bytes(4, "little") * 2 + (lambda r: len(r).to_bytes(4, "little") + r)(
    b"\xff" * 8 + b"\2\0\x48\x12\0\0\4\0\0\0\0\0" + b"\xff" * 8 + b"\0\0\0\0x\0" + b"XXZa\tb\0")))
refused("align", anl, bam, says="bad.bam: record 1 'x': a tag is malformed")
