#!/usr/bin/env python3
"""The tables of options: every option parses, is refused out of its range, and is in the help, the man page and the completions."""
import re
from lib import *

MADE = os.path.join(os.path.dirname(ANNEAL), "share")
man, bash, zsh = (open(os.path.join(MADE, f)).read() for f in ("anneal.1", "anneal.bash", "_anneal"))
header, *rows = (line.split("\t") for line in run("completions", "table")[0].splitlines())
options = [dict(zip(header, row)) for row in rows]
commands = {"index": ["nothing.fa"], "align": ["nothing.anl", "nothing.fq"], "train": ["-o", path("x.anm"), "nothing.fa"], "recall": ["nothing.fa"]}
for command in [line.split()[0] for line in run("--help")[0].splitlines() if line.startswith("  ")]:
    text = run(command, "--help")[0]
    check(text.startswith(f"usage: anneal {command}"), f"{command} --help: {text}")
    for line in text.splitlines(): check(len(line) <= 80, f"{command} --help: {len(line)} columns: {line}")
for line in run("--help")[0].splitlines(): check(len(line) <= 80, f"--help: {line}")
check({o["command"] for o in options} == set(commands), "commands with options")

def called(o):
    """Every way to write it."""
    return ["-" + letter for letter in o["letters"]] + (["--" + o["name"]] if o["name"] else [])

# ---- what is printed ----
helps = {c: run(c, "--help")[0] for c in commands}
man_of = {c: re.sub(r"\\f.|\\", "", man.split(f".SH OPTIONS OF {c.upper()}\n")[1].split(".SH ")[0]) for c in commands}
bash_of = {c: bash.split(f"\n    {c})\n")[1].split("options='")[1].split("'")[0] for c in commands}
zsh_of = {c: zsh.split(f"\n    {c}) ")[1].split(";;")[0] for c in commands}
for o in options:
    for name in called(o):
        alone = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for what, text in (("--help", helps), ("the man page", man_of), ("bash", bash_of), ("zsh", zsh_of)):
            check(alone.search(text[o["command"]]), f"{o['command']} {name} is not in {what}")
if shutil.which("groff"):
    p = subprocess.run(["groff", "-man", "-Tutf8", "-ww", os.path.join(MADE, "anneal.1")], capture_output=True, text=True)
    check(p.returncode == 0 and not p.stderr, f"man page: {p.stderr}")

# ---- what is read ----
good = {("align", "device"): ["auto", "cpu", "cuda:0"], ("index", "device"): ["auto", "cpu", "cuda:0"], ("train", "device"): ["cpu"],
        ("align", "insert-size"): ["400", "400,50,900,1"], ("align", "preset"): ["sr", "map-pb"], ("align", "cs"): ["long", "short"],
        ("align", "lane"): ["x.fq", "x.fq,y.fq"], ("align", "xa-limit"): ["0", "2048", "5,200"], ("align", "header"): ["@CO\\tx"], ("align", "read-group"): ["@RG\\tID:x"], ("align", "rg-id"): ["x"], ("recall", "lengths"): ["20", "20,400"], ("recall", "errors"): ["0", "500,1"]}
bad = {"device": ["tpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1024"], "insert-size": ["x", "-1", "400,", "1e9", "1,2,3,4,5"], "preset": ["pacbio"],
       "xa-limit": ["-1", "2049", "5,", "x"], "header": [], "lane": [], "cs": ["none"], "read-group": ["x"], "rg-id": ["\t"], "lengths": ["19", "401", "20,,30", "20,", ""], "errors": ["501", "1,x"]}
beside = {"sort-memory": ["--sort"], "csi": ["--sort", "-o", "x.bam"], "hidden": ["--light", "x"], "mark-duplicates": ["--sort"], "optical-distance": ["--sort", "--mark-duplicates"],
          "duplicate-stats": ["--sort", "--mark-duplicates"]}  # what an option wants
refusals = accepted = 0

def accepts(o, *args):
    """The command line is well-formed (2 would say that it is not): what is wrong is the file that is not there, or a GPU that is not."""
    global accepted
    operands = commands[o["command"]][:1] if o.get("name") in ("lane", "lanes") else commands[o["command"]]
    p = subprocess.run([ANNEAL, o["command"], *args, *operands], capture_output=True, text=True, cwd=TEMP)
    check(p.returncode == 1 and p.stderr.startswith("anneal: ") and p.stderr.count("\n") == 1, f"{o['command']} {args}: {p.returncode} {p.stderr}")
    accepted += 1

def refuses(o, *args):
    global refusals
    p = subprocess.run([ANNEAL, o["command"], *args], capture_output=True, text=True, cwd=TEMP)
    check(p.returncode == 2 and p.stderr.startswith("anneal: ") and p.stderr.count("\n") == 1 and not p.stdout, f"{o['command']} {args}: {p.returncode} {p.stderr}")
    check(args[0].split("=")[0] in p.stderr, f"{o['command']} {args}: does not say which option: {p.stderr}")
    refusals += 1

for o in options:
    more = beside.get(o["name"], [])
    kind, low, high, key = o["kind"], float(o["least"]), float(o["most"]), (o["command"], o["name"])
    number = "%g" if kind == "number" else "%.0f"
    values = {"whole": [number % low, number % high], "size": [number % low, f"{int(low) // 1000 + 1}K"], "number": [number % low, number % high],
              "two": [number % low, number % high + "," + number % low], "word": o["words"].split(), "file": ["given"], "text": ["given"],
              "flag": [None]}.get(kind) or good.get(key)
    out = {"whole": [number % (low - 1), number % (high + 1)],
           "size": [number % (low - 1)] + ([number % (high + 1)] if high < 1e15 else []),
           "number": [number % (low - 1), number % (high + 1)], "two": [number % (high + 1)],
           "word": ["nonsense"], "file": [], "text": [], "flag": []}.get(kind, bad.get(o["name"]))
    if key == ("align", "rg"): continue  # needs --rg-id: below
    if not o["name"]:  # of bwa mem
        if o["help"].startswith("not taken"): refuses(o, "-" + o["letters"], *["1"] * bool(o["argument"])); continue
        values, out = (["5", "0.5"], ["x", ""]) if o["argument"] else ([None], [])
    check(values and out is not None, f"{key}: the test knows no values")
    optional = o["argument"].startswith("[")
    first, *others = called(o)[::-1]  # of the long name all values, of the others one
    if o["argument"] and not optional: refuses(o, first)  # no value follows
    if first.startswith("--") and not o["argument"]: refuses(o, first + "=1")
    if key == ("train", "init-only"): continue  # takes no genomes: below
    for i, v in enumerate(values):
        if v is None: accepts(o, first, *more)
        elif i % 2 or optional: accepts(o, f"{first}={v}" if first.startswith("--") else first + v, *more)
        else: accepts(o, first, v, *more)
    if optional: accepts(o, first)
    for name in others: accepts(o, name, *([] if values[0] is None else [values[0]]), *more)
    for v in out: refuses(o, f"{first}={v}" if optional else first, *([] if optional else [v]))
check(accepted > 90 and refusals > 90, f"{accepted} accepted, {refusals} refused")

run("train", "--init-only", "-o", path("x.anm"))
align = {"command": "align"}
accepts(align, "--rg-id", "x", "--rg", "SM:y", "--rg", "LB:z")
accepts(align, "-aMYt2", "-x", "ont")
p = subprocess.run([ANNEAL, "align", "nothing.anl", "-t", "2", "--", "-t"], capture_output=True, text=True)
check(p.returncode == 1 and "nothing.anl" in p.stderr, f"options behind operands, and '--': {p.stderr}")
check(run("align", "-x", "list")[0].split()[:3] == ["sr", "hifi", "ont"], "-x list")
for operands in ([], ["x"], ["a", "b", "c", "d"]): check("needs INDEX.anl READS [MATES]" in run("align", *operands, status=2)[1], f"{operands}")
check("takes nothing" in run("devices", "x", status=2)[1], "devices x")
check(run("info", "-h")[0] == run("info", "--help")[0], "-h")

# ---- completions at work ----
def complete_bash(*words):
    script = f"compopt() {{ :; }}; source {MADE}/anneal.bash; COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; _anneal; echo ${{COMPREPLY[@]}}"
    p = subprocess.run(["bash", "-uc", script], capture_output=True, text=True)
    check(p.returncode == 0 and not p.stderr, f"bash completion of {words}: {p.stderr}")
    return p.stdout.split()

if shutil.which("bash"):
    for words, want in ((("anneal", "al"), ["align"]), (("anneal", "align", "--sor"), ["--sort", "--sort-memory"]), (("anneal", "align", "--search", "n"), ["native"]),
                        (("anneal", "align", "--search", "=", "f"), ["faiss"]), (("anneal", "align", "--search", "="), ["native", "faiss"]),
                        (("anneal", "align", "-x", "h"), ["hifi"]), (("anneal", "align", "-t", ""), []), (("anneal", "index", "--output-f"), []),
                        (("anneal", "align", "-o", "x"), []), (("anneal", "align", "--cs", "=", "l"), ["long"]), (("anneal", "align", "--cs", ""), [])):
        check(complete_bash(*words)[:3] == want, f"bash completion of {words}: {complete_bash(*words)}")
if shutil.which("zsh"):
    for c in commands:
        script = f"compdef() {{ }}; _arguments() {{ print -rl -- \"$@\"; }}; source {MADE}/_anneal; words=(anneal {c} ''); CURRENT=3; _anneal"
        p = subprocess.run(["zsh", "-fc", script], capture_output=True, text=True)
        check(p.returncode == 0 and not p.stderr, f"zsh completion of {c}: {p.stderr}")
        found = {re.match(r"(?:\*|\(.*?\))?(--?[^\[+=]+)", line)[1] for line in p.stdout.splitlines() if line.startswith(("(", "*-", "--"))}
        check({n for o in options if o["command"] == c for n in called(o)} <= found, f"zsh completion of {c}: {found}")
