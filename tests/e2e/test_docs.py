#!/usr/bin/env python3
"""README and docs/ tell the truth: their commands run on the sample, every option, link and path they name exists, and their tables of formats, flags, tags
and options are those of the code and of the other programs."""
import glob, json, random, re, shlex
from lib import *

PAGES = ["README.md", "CONTRIBUTING.md", "python/README.md"] + sorted(os.path.relpath(p, SOURCE) for p in glob.glob(os.path.join(SOURCE, "docs", "*.md")))
USE = ["README.md", *(f"docs/{p}.md" for p in ("pipelines", "cluster", "options", "c"))]  # pages whose commands are run, in this order
RUN = set("anneal samtools zcat set sed read".split())
NOT_RUN = set("./quickstart ./run-tests cmake cp python3 multiqc snakemake bwa minimap2".split())  # not here, or not to be installed by a test
text = {p: open(os.path.join(SOURCE, p)).read() for p in PAGES}

def source(name):
    return open(os.path.join(SOURCE, name)).read()

def same(ours, theirs, what):
    check(set(ours) == set(theirs), f"{what}: only on the page {sorted(set(ours) - set(theirs))}, missing there {sorted(set(theirs) - set(ours))}")

# ---- Markdown ----
def blocks(page):
    """(language, text) of fenced blocks; '' of indented ones."""
    found = []
    rest = re.sub(r"^```(\w*)\n(.*?)^```$", lambda m: found.append((m[1], m[2])) or "", text[page], flags=re.M | re.S)
    return found + [("", re.sub("^    ", "", m[0], flags=re.M)) for m in re.finditer(r"(?<=\n\n)(?:    .*\n)+", rest)]

def prose(page):
    return re.sub(r"^    .*$", "", re.sub(r"^```.*?^```$", "", text[page], flags=re.M | re.S), flags=re.M)

def rows(page, heading, section=None):
    """Cells of the first table under a heading (or under `section`, a line of the text) without its head."""
    part = re.split(r"^#", text[page].split(f"\n{heading}\n")[1], flags=re.M)[0]
    lines = (part.split(section)[1] if section else part).split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start + 2:]:
        if not line.startswith("|"): break
        table.append([c.strip() for c in line.strip("|").split("|")])
    return table

def code(cell):
    return re.findall(r"`([^`]+)`", cell)

def commands(script):
    """Words of every simple command of a shell script."""
    found = []
    for line in script.replace("\\\n", " ").split("\n"):
        words = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
        words.whitespace_split, words.commenters, command, target = True, "#", [], False
        for w in [*words, ";"]:
            if w and not w.strip("|&;()<>"):
                if command and not target: found.append(command)
                command, target = [], w in "<>>"
            elif not (not command and re.match(r"\w+=", w)): command.append(w)
    return found

# ---- options ----
header, *lines = (line.split("\t") for line in run("completions", "table")[0].splitlines())
options = [dict(zip(header, line)) for line in lines]
names = [line.split()[0] for line in run("--help")[0].splitlines() if line.startswith("  ")]
by_letter = {(o["command"], c): o for o in options for c in o["letters"]}
by_name = {(o["command"], o["name"]): o for o in options if o["name"]}
align_letters = {c: o for (command, c), o in by_letter.items() if command == "align"}

def takes(o):
    return o["argument"] and not o["argument"].startswith("[")

def check_options(words, where):
    """`words`: anneal, a command, its options and operands; in prose the last value may be missing."""
    command, *rest = words[1:]
    check(command in names or command.startswith("--"), f"{where}: there is no command {command}: {words}")
    while rest:
        w = rest.pop(0)
        if w.startswith("--"):
            name, value = (w[2:].split("=", 1) + [None])[:2]
            if name == "help": continue
            o = by_name.get((command, name))
            check(o, f"{where}: anneal {command} has no option --{name}")
            if takes(o) and value is None: rest = rest[1:]
        elif w.startswith("-") and len(w) > 1:
            for i, c in enumerate(w[1:]):
                if c == "h" and (command, c) not in by_letter: break
                o = by_letter.get((command, c))
                check(o, f"{where}: anneal {command} has no option -{c}: {words}")
                if takes(o):
                    if i + 2 == len(w): rest = rest[1:]
                    break

OTHERS = set("--slurm-no-account --slurm-status-command --alt --preserve-tags --local --reorder --mirror --ca".split())  # of other programs
checked = 0
for page in PAGES:
    for language, block in blocks(page):
        if language not in ("", "sh"): continue
        for words in commands(block) if language else [w for line in block.replace("\\\n", " ").split("\n") if re.match(r"(build/)?anneal ", line) for w in commands(line)]:
            if os.path.basename(words[0]) == "anneal":
                check_options(words, page)
                checked += 1
    for span in [s for line in prose(page).split("\n\n") for s in code(re.sub(r"\s+", " ", line))]:
        words = span.split()
        if words[0] in ("anneal", "build/anneal") and len(words) > 1 and words[1] in names:
            check_options([w for w in words if w != "..."], page)
            checked += 1
        elif span.startswith("--") and page != "docs/options.md":
            name = re.match(r"--([\w-]+)", span)[1]
            check("--" + name in OTHERS or any(n == name for _, n in by_name) or name in ("help", "version"), f"{page}: {span}: no command has that option")
            checked += 1
check(checked > 60, f"{checked} commands and options")
check(text["README.md"].count("\n") <= 130, "README.md has grown beyond what a newcomer reads")

# ---- links and paths ----
def anchors(page):
    return {re.sub(r"[^\w\- ]", "", h.lower().replace("`", "")).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text[page], flags=re.M)}

linked = set()
for page in PAGES:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://", target): continue
        file, _, anchor = target.partition("#")
        to = os.path.relpath(os.path.join(SOURCE, os.path.dirname(page), file), SOURCE) if file else page
        check(os.path.exists(os.path.join(SOURCE, to)), f"{page}: link to {target}: there is no {to}")
        check(not anchor or anchor in anchors(to), f"{page}: link to {target}: {to} has no such heading")
        linked.add(to)
    for span in code(prose(page)):
        if not re.search("[A-Z]{3}", span) and re.fullmatch(r"(src|tests|docs|kernels|formats|benchmarks|workflow|python|index|data|cmake)/[\w./-]+", span):
            check(glob.glob(os.path.join(SOURCE, span)) or glob.glob(os.path.join(SOURCE, "*", "**", span), recursive=True), f"{page}: there is no {span}")
same(set(), {p for p in PAGES if p.startswith("docs/")} - linked, "links to all pages")

# ---- formats.md: formats and flags ----
FORMATS = "docs/formats.md"
same({e[1:] for row in rows(FORMATS, "## Output") for e in code(row[1])}, set(by_name["align", "output-format"]["words"].split()), "output formats")
packed = re.search(r"not_read\[\] = \{(.*?)\n\};", source("formats/text.c"), re.S)[1]
same(set(rows(FORMATS, "## Reads")[-1][0].split(", ")), set(re.findall(r'\d, "(\w+)"', packed)) - {"compress"}, "compressed input that is not read")
ours = {int(v, 16) for v in re.findall(r"[A-Z_]+ = (0x[0-9a-f]+),", re.search(r"enum \{(.*?)\};", source("src/align/core/finish.c"), re.S)[1])}
same({int(v, 16) for row in rows(FORMATS, "## Flags") for v in re.findall(r"0x[0-9a-f]+", row[0])}, ours | {0x400}, "flags")

# ---- formats.md: tags of the input ----
TAGS = "## Tags of the input"
dropped = re.sub(r"/\*.*?\*/", "", re.search(r"of_alignment\[\] = \{(.*?)\n\};", source("formats/tags.c"), re.S)[1], flags=re.S)
same([t for row in rows(FORMATS, TAGS) for t in code(row[1])], re.findall(r'"([^"]+)"', dropped), "tags left out")
orders = {"turned": "TURNED", "turned and complemented": "COMPLEMENTED", "in the order of sequencing, as PacBio has it": "KEPT", "in the order of sequencing, from the last base to the first": "BACKWARDS"}
by_base = {f"{t}:{kind}": order for t, kind, order in re.findall(r"\{\"(\w\w)\", '(\w)', (\w+)\}", source("formats/base_tags.c"))}
same({(t, orders[row[2]]) for row in rows(FORMATS, TAGS, "Tags with a value for each base") for t in code(row[0])}, set(by_base.items()), "tags with a value for each base")

# ---- formats.md: tags that a run writes ----
rng = random.Random(3)
contigs = {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in read_gz(GENOME).split(">")[1:]}
chr1, chr2 = contigs["chr1"], contigs["chr2"]

def turned(s):
    return s[::-1].translate(str.maketrans("ACGT", "TGCA"))

def fastq(name, reads):
    return write(name, "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads))

repeat = chr1[30000:30800]
for i in range(20, 800, 40): repeat = repeat[:i] + "ACGT"["ACGT".index(repeat[i]) ^ 1] + repeat[i + 1:]
alt = "".join("ACGT"["ACGT".index(c) ^ (i % 50 == 0)] for i, c in enumerate(chr1[90000:93000]))
reference = index("tags.anl", write("tags.fa", read_gz(GENOME) + f">copy\n{chr2[1000:9000]}{repeat}{chr2[9000:12000]}\n>alt\n{alt}\n"), "--alt", write("alt.txt", "alt\n"))
starts = [*range(50000, 62000, 400), 30100, 30200, 30300]
pairs = [(f"M:1:F:1:1101:{1000 + i}:1000:ACGT", chr1[at:at + 150], turned(chr1[at + 250:at + 400])) for i, at in enumerate(starts)]
pairs += [("M:1:F:1:1101:1010:1010:ACGT", *pairs[0][1:]), ("M:1:F:1:1101:5000:5000:ACGT", chr1[70000:70080] + chr2[40000:40070], turned(chr1[70250:70400])),
          ("M:1:F:1:1101:5001:5000:ACGT", chr1[80000:80150], "N" * 150), ("M:1:F:1:1101:5002:5000:ACGT", alt[1000:1150], turned(alt[1250:1400]))]
mates = [fastq(f"tags_{i}.fq", [(p[0], p[i]) for p in pairs]) for i in (1, 2)]
marked = ["-R", "@RG\\tID:g\\tSM:s", "--cs", "--umi-from-name", "--sort", "--mark-duplicates", "--optical-distance", 100]
documented = [t for row in rows(FORMATS, "## Tags of SAM, BAM and CRAM") for t in code(row[0])]
seen = set()
for how in (marked, [*marked, "-a"], ["-M"], ["-Y", "--sort"]):
    for line in body(run("align", "-v", 1, *how, reference, *mates)[0]):
        if line[0] == "@": continue
        tags = [f[:4] for f in line.split("\t")[11:]]
        seen |= set(tags)
        check(tags == [t for t in documented if t in tags], f"tags that are not in {FORMATS}, or in another order there: {line}")
same(documented, seen, "tags of SAM")
written = run("align", "-v", 1, "--cs", "--MD", "--umi-from-name", "-R", "@RG\\tID:g\\tSM:s", "-a", "--output-format", "paf", reference, *mates)[0]
tags = [[f[:4] for f in line.split("\t")[12:]] for line in written.splitlines()]
documented = [t for row in rows(FORMATS, "## PAF") for t in code(row[0])]
same(documented, {t for line in tags for t in line}, "tags of PAF")
check({line.split("tp:A:")[1][0] for line in written.splitlines()} == {"P", "S"}, "tp of PAF")

# ---- formats.md: the summary ----
def keys(value):
    if isinstance(value, list): return {k for v in value for k in keys(v)}
    return {k for key, v in value.items() for k in {key} | keys(v)} if isinstance(value, dict) else set()

run("align", "-v", 1, "-o", path("marked.bam"), "--summary", path("s.json"), *marked, reference, *mates)
with open(path("s.json")) as f: same([k for row in rows(FORMATS, "## Other files", "| JSON | `--summary`") for k in code(row[0])], keys(json.load(f)), "keys of the summary")

# ---- options.md ----
OPTIONS = "docs/options.md"
BWA = "tkwdrycDWmSPABOELUxpRHojqKvThaCVYMI5" "uz" "GNsXQ"  # its usage in 0.7.17; of 0.7.18; not in its usage
shown = run("align", "--help")[0]
table = [(code(row[0]), row[2]) for row in rows(OPTIONS, "## bwa mem")]
same([o[1:] for row, _ in table for o in row], set(BWA), "options of bwa mem")
for letters, told in table:
    for o in letters:
        entry = align_letters.get(o[1:])
        check(entry, f"{OPTIONS}: anneal has no {o}")
        ignored, refused_here = entry["help"].startswith("taken and without effect"), entry["help"].startswith("not taken")
        always = entry["help"].endswith(("always done here", "never done here"))
        check((ignored, refused_here, always) == (told.startswith("taken and without effect"), told.startswith("refused"), told.startswith("always so")), f"{OPTIONS}: {o}: {told}; anneal: {entry['help']}")
        default = re.search(r"\[([^\]]+)\]", told)
        check(not default or entry["default"] in default[1].split(" and "), f"{OPTIONS}: {o}: [{default and default[1]}], anneal: [{entry['default']}]")
same({c for c, o in align_letters.items() if c in BWA and not o["name"]}, {o[1:] for row, told in table for o in row if told.startswith(("taken", "refused", "always"))}, "of bwa mem alone")
if shutil.which("bwa"):
    usage = subprocess.run(["bwa", "mem"], capture_output=True, text=True).stderr
    check(set(re.findall(r"^ +-(\w)\b", usage, flags=re.M)) <= set(BWA), "an option of bwa mem is missing")
table = [(code(row[0]), row[2]) for row in rows(OPTIONS, "## minimap2")]
listed = {o.split()[0] for row, _ in table for o in row}
presets = {o.split()[1]: told for row, told in table for o in row if o.startswith("-x ")}
for preset, told in presets.items():
    p = subprocess.run([ANNEAL, "align", "-x", preset, "nothing.anl", "nothing.fq"], capture_output=True)
    check(p.returncode == (1 if told.startswith("taken") else 2), f"{OPTIONS}: -x {preset}: {told}")
for letters, told in table:
    for o in letters:
        if told.startswith("the same") and not o.startswith("-x"): check(o[2:] in {n for _, n in by_name} if o.startswith("--") else o[1:] in align_letters and align_letters[o[1:]]["name"], f"{OPTIONS}: {o}: {told}")
    for span in code(told):
        if span.startswith("--"): check(any(n == re.match(r"--([\w-]+)", span)[1] for _, n in by_name), f"{OPTIONS}: anneal has no {span}")
if shutil.which("minimap2"):
    usage = subprocess.run(["minimap2", "--help"], capture_output=True, text=True).stdout
    same(set(), set(re.findall(r"^    (--?[\w-]+)", usage, flags=re.M)) - listed, "options of minimap2")
    same(set(presets), {p for line in re.findall(r"^ +- ([\w:/-]+) - ", usage, flags=re.M) for p in line.split("/")}, "presets of minimap2")

# ---- the commands ----
if not shutil.which("samtools"): skip("no samtools: the commands of the pages were not run")
work = path("work")
os.makedirs(os.path.join(work, "qc"))
os.chdir(work)
genome, first, second = read_gz(GENOME), *([line + "\n" for line in read_gz(f).splitlines()[:1200]] for f in (R1, R2))
in_turn = "".join("".join(lines[i:i + 4]) for i in range(0, len(first), 4) for lines in (first, second))
plain = {"ref.fa": genome, "long.fq": "".join(f"@l{i}\n{chr1[i * 4000:i * 4000 + 3000]}\n+\n{'I' * 3000}\n" for i in range(10)), "interleaved.fq": in_turn}
plain.update({f"{name}.fq": "".join(reads) for stem in "reads_{}|r_{}|r{}|L1_R{}|L2_R{}".split("|") for name, reads in ((stem.format(1), first), (stem.format(2), second))})
plain["reads.fq"] = plain["reads_1.fq"]
for name, content in plain.items():
    with gzip.open(name + ".gz", "wt") as f: f.write(content)
for name in ("ref.fa",): open(name, "w").write(plain[name])
open("sample.tsv", "w").write("L1_R1.fq.gz\tL1_R2.fq.gz\t@RG\\tID:L1\\tSM:s\nL2_R1.fq.gz\tL2_R2.fq.gz\t@RG\\tID:L2\\tSM:s\n")
open("samples.txt", "w").write("one\treads_1.fq.gz\treads_2.fq.gz\n")
subprocess.run(["samtools", "import", "-1", "reads_1.fq.gz", "-2", "reads_2.fq.gz", "-o", "unaligned.bam"], check=True, capture_output=True)
index("work/host.anl")
environment = {**os.environ, "PATH": os.path.dirname(ANNEAL) + ":" + os.environ["PATH"], "SLURM_CPUS_PER_TASK": "2", "SLURM_ARRAY_TASK_ID": "1"}
ran = 0
for page in USE:
    for language, block in blocks(page):
        if language == "c":
            compiler = os.environ.get("CC") or shutil.which("cc")
            headers = [f"-I{os.path.join(SOURCE, 'src', d)}" for d in ("lib", "base")]
            p = subprocess.run([*compiler.split(), "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *headers, "-x", "c", "-"], input=block, capture_output=True, text=True)
            check(p.returncode == 0, f"{page}: {p.stderr}")
        if language != "sh": continue
        called = [words for words in commands(block)]
        for words in called: check(words[0] in RUN | NOT_RUN, f"{page}: the test does not know whether to run '{words[0]}'")
        runnable = [words for words in called if words[0] in RUN]
        script = block
        if len(runnable) < len(called):  # line by line, as far as it goes
            script = "\n".join(line for line in block.replace("\\\n", " ").split("\n") if all(words[0] in RUN for words in commands(line)))
        p = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, env=environment, timeout=380)
        check(p.returncode == 0, f"{page}: {script}\n{p.stderr}")
        outputs = [words[i + 1] for words in runnable if words[:2] == ["anneal", "align"] for i, w in enumerate(words[:-1]) if w == "-o" and "$" not in words[i + 1]]
        for name in outputs:
            if name.endswith(("bam", "cram")): check(int(subprocess.run(["samtools", "view", "-c", "-F", "0x904", name], capture_output=True, text=True, check=True).stdout) > 8, f"{page}: {name} holds no alignments")
        ran += sum(words[0] == "anneal" for words in runnable if script.strip())
check(ran > 20, f"{ran} commands of the pages were run")
check(os.path.exists("one.bam.bai") and os.path.exists("rest_1.fq.gz") and os.path.exists("qc/sample.anneal_reads_mqc.json"), f"what the pages' commands write: {os.listdir('.')}")
print(f"{checked} options and commands checked, {ran} commands run")
