#!/usr/bin/env python3
"""Every read once, at its true place; flags, mate fields and tags agree with each other; the alignment is what the tags say."""
import re
from lib import *

anl = index()
contigs = {c.split(" ")[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
truth = {}
for line in read_gz(os.path.join(SAMPLE, "truth.tsv.gz")).splitlines()[1:]:
    name, contig, start, strand, mate = line.split("\t")
    truth[name, 1], truth[name, 2] = (contig, int(start), strand == "-"), (contig, int(mate), strand == "+")
sam = run("align", anl, R1, R2)[0]
all_records = list(records(sam))
check(len(all_records) == 10000, f"{len(all_records)} records of 10000")

def spans(cigar):
    ops = [(int(n), o) for n, o in re.findall(r"(\d+)([MIDS])", cigar)]
    lead = ops[0][0] if ops[0][1] == "S" else 0
    return ops, lead, sum(n for n, o in ops if o in "MD"), sum(n for n, o in ops if o in "MIS")

def check_alignment(f, t):
    """NM, MD and AS from SEQ, CIGAR and the reference."""
    ops, _, _, length = spans(f[5])
    check(length == len(f[9]) == len(f[10]), f"{f}: CIGAR does not fit SEQ")
    ref, q, r, nm, score, md, equal = contigs[f[2]], 0, int(f[3]) - 1, 0, 0, "", 0
    for n, o in ops:
        if o == "S": q += n
        elif o == "I": q += n; nm += n; score -= 6 + n
        elif o == "D":
            md += f"{equal}^{ref[r:r + n]}"; equal = 0; r += n; nm += n; score -= 6 + n
        else:
            for _ in range(n):
                if f[9][q] == ref[r] != "N": equal += 1; score += 1
                else: md += f"{equal}{ref[r]}"; equal = 0; nm += 1; score -= 1 if "N" in (f[9][q], ref[r]) else 4
                q += 1; r += 1
    check((str(nm), md + str(equal), str(score)) == (t["NM"], t["MD"], t["AS"]), f"{f}: {t}, but {nm} {md}{equal} {score}")

right = confident = 0
for i in range(0, 10000, 2):
    pair = all_records[i:i + 2]
    for (f, t), (g, u), number in ((*pair, 1), (*pair[::-1], 2)):
        flag, other = int(f[1]), int(g[1])
        check(f[0] == g[0] and flag & 1 and bool(flag & 0x40) == (number == 1) and bool(flag & 0x80) == (number == 2), f"{f}: pair flags")
        check(bool(flag & 8) == bool(other & 4) and bool(flag & 0x20) == bool(other & 0x10), f"{f}: mate flags")
        check((flag & 2) == (other & 2), f"{f}: proper on one side only")
        check(f[7] == g[3] and f[6] == ("*" if g[2] == "*" else "=" if f[2] == g[2] else g[2]), f"{f}: mate place")
        check(int(f[8]) == -int(g[8]), f"{f}: TLEN")
        if flag & 4: continue
        check_alignment(f, t)
        check(int(t["XS"]) >= 0 and int(f[4]) <= 60, f"{f}: XS, MAPQ")
        if not other & 4: check(t["MQ"] == g[4] and t["MC"] == g[5], f"{f}: MQ, MC")
        ops, lead, span, _ = spans(f[5])
        check(int(f[3]) - 1 + span <= len(contigs[f[2]]), f"{f}: beyond the contig")
        contig, start, reverse = truth[f[0], number]
        hit = f[2] == contig and bool(flag & 16) == reverse and abs(int(f[3]) - lead - start) <= 12
        right += hit
        if int(f[4]) >= 20:
            confident += 1
            check(hit, f"{f}: wrong at MAPQ {f[4]}, truth {contig}:{start}")
check(right >= 9900, f"{right} of 10000 at their true place")
check(confident >= 9700, f"{confident} of 10000 with MAPQ 20 or more")
noise = sum(0 < int(t.get("XS", 0)) < 19 for _, t in all_records)
check(noise <= 3, f"{noise} records with an XS that any mate has where it is looked for and is not")
