#!/usr/bin/env python3
"""Lanes: each as a run of its own would align it, in one output; read groups, headers, what is told, and what cannot be meant."""
import json, pty, re
from lib import *

anl = index()
one, two = (read_gz(f).splitlines() for f in (R1, R2))

def lane(name, begin, end, turned=False):
    """Two files of the sample's pairs; `turned`: the second mates reversed, so that both face the same way."""
    back = str.maketrans("ACGTN", "TGCAN")
    files = []
    for m, lines in ((1, one), (2, two)):
        text = []
        for i in range(4 * begin, 4 * end, 4):
            head, seq, plus, qual = lines[i:i + 4]
            if turned and m == 2: seq, qual = seq.translate(back)[::-1], qual[::-1]
            text += [head, seq, plus, qual]
        files.append(write(f"{name}_{m}.fq", "\n".join(text) + "\n"))
    return files

# The few pairs of b are proper by themselves, and chance beside the many of a; c has too few for an estimate of its own at first.
a, b, c = lane("a", 0, 700), lane("b", 700, 730, turned=True), lane("c", 1300, 1312)
single = write("s.fq", "\n".join(one[:400]) + "\n")
groups = {"a": "@RG\\tID:a\\tSM:x\\tLB:l1", "b": "@RG\\tID:b\\tSM:x\\tLB:l2", "c": "@RG\\tID:c\\tSM:x"}

def alone(files, *options):
    return [line for line in run("align", "-v1", *options, anl, *files)[0].splitlines() if not line.startswith("@")]

def header(sam):
    return [line for line in sam.splitlines() if line.startswith("@") and not line.startswith("@PG")]

# ---- each lane is a run of its own ----

parts = [alone(a, "-R", groups["a"]), alone(b, "-R", groups["b"]), alone(c, "-R", groups["c"]), alone([single])]
want = [line for p in parts for line in p]
by_option = [x for files, g in ((a, "a"), (b, "b"), (c, "c")) for x in ("--lane", ",".join(files) + "," + groups[g])] + ["--lane", single]
table = write("lanes.tsv", "# R1\tR2\tread group\n\n" + "\t".join([*a, groups["a"]]) + "\r\n" + "\t".join([*b, groups["b"].replace("\\t", "\t")]) + "\n" + "\t".join([*c, groups["c"]]) + f"\n{single}\n")
for options in (by_option, ["--lanes", table], [*by_option[:2], "--lanes", write("rest.tsv", "".join(line + "\n" for line in open(table).read().splitlines()[3:]))], [*by_option, "-t", 3], [*by_option, "-K", "3K"]):
    sam = run("align", "-v1", anl, *options)[0]
    if "-K" in options: want_here = [line for files, g in ((a, "a"), (b, "b"), (c, "c")) for line in alone(files, "-R", groups[g], "-K", "3K")] + alone([single], "-K", "3K")
    else: want_here = want
    got = [line for line in sam.splitlines() if not line.startswith("@")]
    check(got == want_here, f"{options}: not what the lanes are by themselves")
    check([line for line in header(sam) if line.startswith("@RG")] == [g.replace("\\t", "\t") for g in groups.values()], header(sam))
leaky = alone([write("ab_1.fq", open(a[0]).read() + open(b[0]).read()), write("ab_2.fq", open(a[1]).read() + open(b[1]).read())])
strip = lambda lines: [re.sub("\tRG:Z:.", "", line) for line in lines]
check(strip(leaky) != strip(parts[0] + parts[1]), "the insert sizes of these lanes do not matter: the test shows nothing")
run("align", "-v1", "--sort", "--mark-duplicates", "--duplicate-stats", path("l.txt"), "-o", path("s.bam"), anl, *by_option)
check([line for line in open(path("l.txt")) if line.startswith("LIBRARY")] == ["LIBRARY: \n", "LIBRARY: l1\n", "LIBRARY: l2\n"], open(path("l.txt")).read())
ids = [t["RG"] for _, t in records(run("align", "-v1", "-R", "@RG\\tID:z", anl, "--lane", single, "--lane", ",".join(c) + "," + groups["c"])[0])]
check(ids[:100] == ["z"] * 100 and set(ids[100:]) == {"c"}, "-R is that of lanes without one")
pairs = write("inter.fq", "".join("\n".join(one[i:i + 4] + two[i:i + 4]) + "\n" for i in range(0, 400, 4)))
check(alone([], "-p", "--lane", pairs, "--lane", single) == alone(["-p", pairs]) + alone([single]), "-p")
unplaced = path("un.fq")
run("align", "-v1", "-o", "/dev/null", "--un", unplaced, anl, *(x for i in range(2) for x in ("--lane", write(f"junk{i}.fq", f"@junk{i}\n" + "ACGTTGCA" * 12 + "\n+\n" + "I" * 96 + "\n"))))
check([line[1:] for line in open(unplaced).read().splitlines()[::4]] == ["junk0", "junk1"], "--un")

# ---- headers of inputs ----

bams = []
for i, (files, g) in enumerate(((a, "a"), (b, "b"))):
    bams.append(path(f"{g}.bam"))
    run("align", "-v1", "-R", groups[g], "-H", f"@CO\\tfrom {g}", "-o", bams[-1], anl, *files)
sam = run("align", "-v1", anl, "--lane", bams[0], "--lane", bams[1] + ",@RG\\tID:new")[0]
check([line for line in header(sam) if line[:3] in ("@RG", "@CO")] == ["@RG\tID:new", groups["a"].replace("\\t", "\t"), "@CO\tfrom a", "@CO\tfrom b"], header(sam))
check(len({line.split("\t")[1] for line in sam.splitlines() if line.startswith("@PG")}) == 3, "programs of both lanes, and this one")
ids = [t["RG"] for _, t in records(sam)]
check(ids == ["a"] * ids.index("new") + ["new"] * (len(ids) - ids.index("new")) and ids.index("new") >= 1400, "read groups of lanes")

# ---- what is told ----

said = run("align", "-o", "/dev/null", "--summary", path("s.json"), anl, *by_option)[1].splitlines()
check(said[1] == f"4 lanes to {anl}: 3 contigs, 185000 bp" and len(said) == 8, said)
check(re.fullmatch(rf"lane 2: {b[0]}, {b[1]}: 60 reads, \d+ mapped \(\d+\.\d\d%\), 30 of 30 pairs proper \(\d+\.\d\d%\)", said[3]), said[3])
check(re.fullmatch(r"1584 reads, \d+ mapped \(\d+\.\d\d%\), \d+ of 742 pairs proper \(\d+\.\d\d%\), \d+ reads/s", said[6]), said[6])
told = json.load(open(path("s.json")))
check(told["inputs"] == [*a, *b, *c, single] and told["reads"] == 1584 and told["insert_size"] is None and told["pairs"] == 742, told)
check([(x["reads"], x["inputs"], x["read_group"]) for x in told["lanes"]] == [(1400, a, groups["a"].replace("\\t", "\t")), (60, b, groups["b"].replace("\\t", "\t")), (24, c, groups["c"].replace("\\t", "\t")), (100, [single], None)], told["lanes"])
check(sum(x["mapped"] for x in told["lanes"]) == told["mapped"] and 380 < told["lanes"][0]["insert_size"]["mean"] < 420, told["lanes"])
run("align", "-v1", "-o", "/dev/null", "--summary", path("s.json"), anl, *a)
told = json.load(open(path("s.json")))
check(len(told["lanes"]) == 1 and told["lanes"][0]["insert_size"] == told["insert_size"] != None, "one lane")
check("no reads" in run("align", "-o", "/dev/null", anl, "--lane", single, "--lane", write("empty.fq", ""))[1], "an empty lane")
master, slave = pty.openpty()
p = subprocess.Popen([ANNEAL, "align", "-o", "/dev/null", anl, "--lane", ",".join(a), "--lane", ",".join(b)], stderr=slave)
os.close(slave)
drawn = b""
while True:
    try: part = os.read(master, 65536)
    except OSError: break
    if not part: break
    drawn += part
check(p.wait() == 0 and b"aligning lane 1 of 2" in drawn and b"aligning lane 2 of 2" in drawn, drawn)

# ---- what cannot be meant ----

short = write("short_2.fq", "\n".join(two[:40]) + "\n")
broken = write("broken.fq", "@r\nACGT\n+\nII\n")
out = ("-o", path("x.bam"))
refused("align", *out, anl, "--lane", ",".join(a), "--lane", f"{single},{short}", says=f"{short}: ends after 10 reads")
refused("align", *out, anl, "--lane", ",".join(a), "--lane", broken, says=f"{broken}: record 1 'r': 4 bases but 2 qualities")
refused("align", *out, anl, "--lane", ",".join(a), "--lane", path("no.fq"), says=f"{path('no.fq')}: No such file")
refused("align", *out, anl, "--lane", ",".join(a), "--lane", a[1], says="is given for two lanes", status=2)
refused("align", *out, anl, "--lane", "-", "--lane", "-", says="standard input is given for two lanes", status=2)
refused("align", *out, anl, "--lane", f"{a[0]},{a[0]}", says="READS and MATES are one file", status=2)
refused("align", *out, "-p", anl, "--lane", ",".join(a), says="-p: the reads are interleaved", status=2)
refused("align", *out, anl, single, "--lane", ",".join(a), says="--lane and --lanes", status=2)
refused("align", *out, anl, "--lane", "a,b,c", says="names with commas", status=2)
refused("align", *out, anl, "--lane", f"{single},@RG\\tSM:x", says="--lane: the read group has no ID", status=2)
refused("align", *out, anl, "--lane", ",@RG\\tID:x", says="--lane: names no file of reads", status=2)
refused("align", *out, anl, "--lane", f"{single},{groups['a']}", "--lane", f"{','.join(b)},@RG\\tID:a", says="two lanes have read groups 'a' that differ")
refused("align", *out, anl, "--lanes", path("no.tsv"), says="no.tsv: No such file")
refused("align", *out, anl, "--lanes", write("none.tsv", "# nothing\n"), says="none.tsv: holds no lanes")
refused("align", *out, anl, "--lanes", write("bad.tsv", f"{single}\n{a[0]}\t{a[1]}\t@RX\tx\n"), says="bad.tsv: line 2: a read group is", status=2)
refused("align", *out, anl, "--lanes", write("bad.tsv", f"\t{a[1]}\n"), says="bad.tsv: line 1: names no file of reads", status=2)
refused("align", "-o", table, anl, "--lanes", table, says="is an input and would be written over", status=2)
for f in (b[1], single): refused("align", "-o", f, anl, *by_option, says="is an input and would be written over", status=2)
refused("align", *out, anl, *["--lane", "x"] * 65, says="--lane: is given more than 64 times", status=2)
