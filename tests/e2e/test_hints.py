#!/usr/bin/env python3
"""What people type who come from another aligner, or in a hurry: it works, or one line says what it looks like and what to type."""
from lib import *

os.chdir(TEMP)
anl = index("genome.anl")
gz, fa = shutil.copy(GENOME, "genome.fa.gz"), write("other.fa", read_gz(GENOME))
r1, r2 = subset(20)

def told(*args, says, status=2):
    p = subprocess.run([ANNEAL, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    check(p.returncode == status and p.stderr.count("\n") == 1 and p.stderr.startswith("anneal: ") and says in p.stderr and not p.stdout,
          f"anneal {args}: {p.returncode}, said '{p.stderr}', expected '{says}'")

# ---- commands ----
for typed, meant in (("mem", "align"), ("algin", "align"), ("idnex", "index"), ("Align", "align"), ("build", "index"), ("device", "devices"), ("export", "export-faiss")):
    told(typed, "x", says=f"there is no command '{typed}'; did you mean: anneal {meant}")
told("nonsense", says="there is no command 'nonsense'; anneal --help lists them")
told("genome.anl", r1, says="it is a file: anneal align")
told("other.fa", says="it is a file: anneal index other.fa")
told("-t", 4, "align", says="the command comes before its options")

# ---- options ----
for typed, meant in (("--thread", "--threads"), ("--sorted", "--sort"), ("--ouput", "--output"), ("-sort", "--sort"), ("--md", "--MD"), ("--output-fmt", "--output-format")):
    told("align", typed, anl, r1, says=f"'{typed}'; did you mean {meant}?")
want = body(run("align", "-t", 2, anl, r1)[0])
for options in (("--threads", 2), ("--threads=2",), ("-@", 2), ("-@2", "-K", "10M"), ("-K10m",), ("-x", "map-ont"), ("-K", "1G", "-x", "map-pb"), ("--preset=ont",)):
    check(body(run("align", *options, anl, r1)[0]) == want, f"{options}")
long_read = write("long.fa", ">l\n" + "".join(read_gz(GENOME).split("\n")[1:60]) + "\n")
for ours, theirs in (("ont", "map-ont"), ("ont", "map-pb"), ("hifi", "map-hifi")):
    check(body(run("align", "-x", ours, anl, long_read)[0]) == body(run("align", "-x", theirs, anl, long_read)[0]), f"-x {theirs}")
check(body(run("align", "-x", "ont", anl, long_read)[0]) != body(run("align", "-x", "hifi", anl, long_read)[0]), "presets differ")
told("align", "-x", "pacbio", anl, r1, says="must be sr, hifi, ont, diverged, map-hifi")

# ---- the index ----
told("align", r1, anl, says=f"it comes first: anneal align {anl} {r1}")
told("align", r1, anl, r2, says=f"it comes first: anneal align {anl} {r1} {r2}")
told("align", r1, r2, anl, says=f"it comes first: anneal align {anl} {r1} {r2}")
told("align", anl, anl, says="an anneal index, where reads should be")
told("align", "genome.fa.gz", r1, says="genome.fa.gz: a FASTA file, not an anneal index; its index is there: anneal align genome.anl READS [MATES]")
told("align", fa, r1, says=f"{fa}: a FASTA file, not an anneal index; make one by: anneal index -o {path('other.anl')} {fa}")
told("info", "genome.fa.gz", says="anneal info genome.anl")
told("export-faiss", fa, "out.faiss", says="a FASTA file, not an anneal index")
told("align", "genome", r1, says="did you mean genome.anl?")
told("align", r1, r2, says="reads (FASTQ), not an anneal index")
told("align", write("x.mmi", b"MMI\2" + bytes(99)), r1, says="an index of minimap2, not an anneal index")
told("align", write("ref.fa.bwt", bytes(99)), r1, says="a part of bwa's index")
told("align", "ref.fa", r1, says="ref.fa: an index of another aligner; make anneal's")
told("align", write("ref.1.bt2", bytes(99)), r1, says="a part of Bowtie 2's index")
told("align", "ref", r1, says="an index of another aligner")
told("align", write("x.sam", "@HD\tVN:1.6\n"), r1, says="a SAM file, not an anneal index")
told("align", write("x.cram", b"CRAM\3\0" + bytes(99)), r1, says="a CRAM file, not an anneal index")
run("align", "-o", "x.bam", anl, r1)
told("align", "x.bam", r1, says="a BAM file, not an anneal index")
told("align", "nothing", r1, says="nothing: No such file", status=1)
told("align", "nothing.anl", r1, says="nothing.anl: No such file or directory; anneal index -o nothing.anl REF.fa makes it", status=1)
told("info", path("other.anl"), says=f"no such file; make it by: anneal index -o {path('other.anl')} {fa}")
told("align", "genome.fa", r1, says="genome.fa: no such file; did you mean genome.anl?")
told("align", write("garbage.anl", b"garbage" * 99), r1, says="garbage.anl: not an anneal index", status=1)

# ---- the reference ----
told("index", "genome.anl", says="genome.anl: an anneal index already; align to it by: anneal align genome.anl READS [MATES]")
told("index", "-o", "new.anl", r1, says="reads (FASTQ), not a FASTA file of a reference")
told("index", "-o", "new.anl", "x.bam", says="a BAM file, not a FASTA file of a reference")
told("index", "nothing.fa", says="nothing.fa: No such file", status=1)

# ---- the reads ----
os.symlink(r1, "link.fq")
os.link(r1, "hard.fq")
for again in (r1, "link.fq", "hard.fq", os.path.relpath(r1)):
    told("align", anl, r1, again, says="READS and MATES are one file; when it holds both mates in turn, give it once, with -p")
def warned(*args):
    return [line for line in run("align", "-o", "warned.sam", *args)[1].splitlines() if "warning" in line]
check(warned("-p", anl, r1) == [f"anneal: warning: -p: no two neighbours in {r1} have one name; all reads were taken as single"], "-p without a pair")
lines = [open(f).read().splitlines() for f in (r1, r2)]
both = write("both.fq", "".join("\n".join(reads[i:i + 4]) + "\n" for i in range(0, len(lines[0]), 4) for reads in lines))
check(warned("-p", anl, both) == [] and warned(anl, r1) == [], "a warning without need")
check(warned(anl, write("none.fq", "")) == [f"anneal: warning: {path('none.fq')} holds no reads"], "no reads")
check("warning" not in run("align", "-v", 1, anl, path("none.fq"))[1], "-v 1 warns")

# ---- endings ----
magic = {"BAM": b"\x1f\x8b", "bam": b"\x1f\x8b", "Cram": b"CRAM", "SAM": b"@HD", "sam.GZ": b"\x1f\x8b", "v2.bam": b"\x1f\x8b"}
for ending, start in magic.items():
    run("align", "-v", 1, "-o", f"out.{ending}", anl, r1)
    check(open(f"out.{ending}", "rb").read(4).startswith(start), f"out.{ending}")
run("align", "-v", 1, "-o", "out.PAF", anl, r1)
check(open("out.PAF").readline().split("\t")[4] in "+-", "out.PAF")
for name in ("x.bma", "x.bam.gz", "x.paf.gz", "x.bam.tmp", "x.fq"):
    refused("align", "-o", name, anl, r1, says=f"-o {name}: no format has that ending")
    run("align", "-v", 1, "--output-format", "sam", "-o", name, anl, r1)
    check(open(name).read(3) == "@HD", name)
os.mkdir("folder.d")
for name in ("plain", "folder.d/plain"):
    run("align", "-v", 1, "-o", name, anl, r1)
    check(open(name).read(3) == "@HD", name)
os.mkfifo("pipe.x")
p = subprocess.Popen(["cat", "pipe.x"], stdout=subprocess.PIPE)
run("align", "-v", 1, "-o", "pipe.x", anl, r1)
check(p.communicate()[0][:3] == b"@HD", "a pipe")
