#!/usr/bin/env python3
"""Valid but odd input works, and every read is answered."""
from lib import *

anl = index()
genome = "".join(read_gz(GENOME).split(">")[1].split("\n")[1:]).upper()

def aligned(text, *options, mates=None):
    reads = write("r.fq", text)
    sam = run("align", *options, anl, reads, *([write("m.fq", mates)] if mates is not None else []))[0]
    return [(f, t) for f, t in records(sam)]

def fastq(name, seq, qual=None):
    return f"@{name}\n{seq}\n+\n{qual if qual is not None else 'I' * len(seq)}\n"

r = aligned(fastq("empty", "") + fastq("n", "N" * 100) + fastq("short", genome[500:515]) + fastq("twenty", genome[700:740]) +
            fastq("long", genome[5000:5400]) + fastq("longer", genome[9000:9900]) + fastq("star", genome[300:400], "*") + fastq("low", genome[800:900].lower()))
check([f[0] for f, _ in r] == ["empty", "n", "short", "twenty", "long", "longer", "star", "low"], "a read is missing")
check([int(f[1]) for f, _ in r] == [4, 4, 4, 0, 0, 0, 0, 0], f"flags {[f[1] for f, _ in r]}")
check([f[3] for f, _ in r[3:]] == ["701", "5001", "9001", "301", "801"], f"places {[f[3] for f, _ in r]}")
check(r[4][0][5] == "400M" and r[5][0][5] == "900M", "long reads align whole")
check(r[0][0][9:11] == ["*", "*"] and r[6][0][10] == "*" and r[7][0][9] == genome[800:900], "SEQ or QUAL")

wrapped = f"@w\r\n{genome[100:160]}\r\n{genome[160:220]}\r\n+\r\n{'I' * 60}\r\n{'@' * 60}\r\n"
(f, _), = aligned(wrapped)
check(f[3] == "101" and f[5] == "120M" and f[10] == "I" * 60 + "@" * 60, "wrapped FASTQ with CRLF")
(f, _), = aligned(fastq("end", genome[100:220])[:-1])
check(f[3] == "101", "no last newline")

check(aligned("") == [] and aligned("", mates="") == [], "empty FASTQ")
sam, _ = run("align", anl, write("e.fq", ""))
check(sam.count("@SQ") == 3, "empty FASTQ: the header is written")
run("align", "-o", path("e.bam"), anl, path("e.fq"))
check(os.path.getsize(path("e.bam")) > 100, "empty FASTQ: a valid BAM")

# References: tiny, with empty contigs, lower case, IUPAC, N; alignments stay inside their contig.
small = genome[1000:1090]
fasta = f">e1\n>tiny\n{small[:60].lower()}\r\n{small[60:]}\r\n>e2\n\n>iupac\nRYK{genome[2000:2300]}NNNN{genome[2300:2600]}\n>ends\n{genome[3000:3050]}"
tiny = index("tiny.anl", write("tiny.fa", fasta))
info = run("info", tiny)[0]
check("contig\ttiny\t90\t" in info and "contig\tends\t50\t" in info and "contigs\t3" in info, f"info: {info}")
# A contig name that SAM allows, but that tags hold in lists which end entries with its character.
said = run("index", "-o", path("names.anl"), write("names.fa", f">a;b\n{genome[:500]}\n>a;c\n{genome[500:900]}\n"))[1]
check(said == f"anneal: warning: {path('names.fa')}: the contig name 'a;b' has a ';', at which programs split the tags SA and XA: rename it\n", f"a semicolon: {said}")
check(run("index", "-o", path("names.anl"), write("names.fa", f">a:b|c*=\n{genome[:500]}\n"))[1] == "", "an unusual name")
reads = fastq("t", small[10:80]) + fastq("i", genome[2250:2350]) + fastq("over", genome[3010:3110]) + fastq("whole", small)
got = {f[0]: f for f, _ in records(run("align", tiny, write("t.fq", reads))[0])}
check(got["t"][2:4] == ["tiny", "11"] and got["t"][5] == "70M", f"tiny: {got['t']}")
check(got["i"][2] == "iupac", f"iupac: {got['i']}")
check(got["over"][2:4] == ["ends", "11"] and got["over"][5] == "40M60S", f"over the end: {got['over']}")
check(got["whole"][5] == "90M", f"whole: {got['whole']}")
