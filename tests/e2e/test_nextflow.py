#!/usr/bin/env python3
"""workflow/nextflow: what meta.yml says is what main.nf has, and the commands of its scripts and stubs leave the outputs that it names.

Nextflow itself is not needed: an expression of Groovy is read as far as these modules go (?:, contains, strings with ${...})."""
import glob, json, re
from lib import *

if subprocess.run(["/usr/bin/python3", "-c", "import yaml"], capture_output=True).returncode: skip("Debian's Python has no yaml")
MODULES = os.path.join(SOURCE, "workflow", "nextflow", "anneal")

def load(file):
    p = subprocess.run(["/usr/bin/python3", "-c", "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)", file], capture_output=True, text=True)
    check(p.returncode == 0, f"{file}: {p.stderr[-300:]}")
    return json.loads(p.stdout)

class Text(str):
    contains = str.__contains__

class Path(Text):
    baseName = property(lambda self: Text(os.path.splitext(os.path.basename(self))[0]))

class Map(dict):
    __getattr__ = dict.get

def text(template, names):
    """A string of Groovy: $x and ${x} are replaced, \\\\ and \\$ are \\ and $."""
    def one(m):
        if m[1]: return m[1]
        value = evaluate(m[2] or m[3], names)
        return " ".join(value) if isinstance(value, list) else str(value)
    return Text(re.sub(r"\\([\\$])|\$\{([^}]*)\}|\$(\w+(?:\.\w+)*)", one, template))

def evaluate(expression, names):
    strings = []
    def keep(m):
        strings.append(text(m[1], names) if m[1] is not None else Text(m[2]))
        return f"s[{len(strings) - 1}]"
    e = re.sub(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'', keep, expression).replace("&&", " and ")
    return eval(ternary(re.sub(r"^(.*?) \?: (.*)$", r"(\1) or (\2)", e)), {"s": strings, **names})

def ternary(e):
    """A ? B : C ? D : E in Python's words."""
    m = re.fullmatch(r"(.*?) \? (.*?) : (.*)", e)
    return f"({m[2]}) if ({m[1]}) else ({ternary(m[3])})" if m else e

def section(source, name, names):
    """The command of a script or stub: its definitions, then the string between triple quotes."""
    body = source.split(f"\n    {name}:\n")[1].split('    """\n')
    names = dict(names)
    for line in body[0].splitlines():
        m = re.fullmatch(r"    def (\w+) = (.*)", line)
        check(m, f"{name}: a line that is no definition: {line}")
        names[m[1]] = evaluate(m[2], names)
    return text(body[1], names)

def run_in(folder, command):
    os.mkdir(path(folder))
    env = {**os.environ, "PATH": os.path.dirname(ANNEAL) + ":" + os.environ["PATH"]}
    p = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=path(folder), env=env, capture_output=True, text=True)
    check(p.returncode == 0, f"{folder}: {command}\n{p.stderr[-800:]}")
    return p.stdout

def declared(source):
    """What main.nf declares: names of the inputs, tuple by tuple; {emit: (elements, optional)}."""
    inputs = [re.findall(r"(?:val|path)(?:\(| )(\w+)", line) for line in source.split("    input:\n")[1].split("\n\n")[0].splitlines()]
    outputs = {}
    for line in source.split("    output:\n")[1].split("\n\n")[0].splitlines():
        elements = [b or c for b, c in re.findall(r"(?:val|path|eval)\((?:(\w+)|[\"']([^\n]*?)[\"'])\)", line)]
        outputs[re.search(r"emit: (\w+)", line)[1]] = elements, "optional: true" in line
    return inputs, outputs

def check_module(name):
    folder = os.path.join(MODULES, name)
    source, meta, environment = open(f"{folder}/main.nf").read(), load(f"{folder}/meta.yml"), load(f"{folder}/environment.yml")
    check(re.match(rf"process ANNEAL_{name.upper()} {{\n", source) and meta["name"] == f"anneal_{name}", f"{name}: its names")
    order = [source.index(w) for w in ("    tag ", "    label ", "    conda ", "    container ", "    input:", "    output:", "    when:", "    script:", "    stub:")]
    check(order == sorted(order), f"{name}: order of the sections")
    inputs, outputs = declared(source)
    said = [[k for e in (i if isinstance(i, list) else [i]) for k in e] for i in meta["input"]]
    check(said == inputs, f"{name}: meta.yml has the inputs {said}, main.nf {inputs}")
    said = {k: [key for e in v[0] for key in e] for k, v in meta["output"].items()}
    check(said == {k: e for k, (e, _) in outputs.items()}, f"{name}: meta.yml has the outputs {said}, main.nf {outputs}")
    check(all(meta.get(k) for k in ("description", "keywords", "tools", "authors", "maintainers", "topics")), f"{name}: meta.yml lacks a key")
    version = run("--version")[0].split()[-1]
    check(environment == {"channels": ["conda-forge", "bioconda"], "dependencies": [f"bioconda::anneal={version}"]}, f"{name}: {environment}")
    check(f'container "anneal:{version}"' in source, f"{name}: the container's version")
    (command,) = [e[2] for k, (e, _) in outputs.items() if k == "versions_anneal"]
    check(subprocess.run(["sh", "-c", command], env={**os.environ, "PATH": os.path.dirname(ANNEAL) + ":" + os.environ["PATH"]}, capture_output=True, text=True).stdout.strip() == version, f"{name}: {command}")
    return source, {k: (e[1], optional) for k, (e, optional) in outputs.items() if k != "versions_anneal"}

def outputs_of(folder, outputs):
    found = {k: sorted(os.path.basename(f) for f in glob.glob(path(f"{folder}/{pattern}"))) for k, (pattern, _) in outputs.items()}
    check(all(found[k] or optional for k, (_, optional) in outputs.items()), f"{folder}: {found}")
    return {k: v for k, v in found.items() if v}

def task(args=None): return Map(cpus=2, ext=Map(args=Text(args) if args else None), process="P")

source, outputs = check_module("index")
names = {"task": task(), "meta": Map(id="genome"), "fasta": Path(GENOME)}
for part in ("script", "stub"):
    run_in(f"index_{part}", section(source, part, names))
    check(outputs_of(f"index_{part}", outputs) == {"index": ["genome.fa.anl"]}, f"index, {part}")
source, outputs = check_module("align")
fasta = Path(write("genome.fa", read_gz(GENOME)))
pair = [Text(R1), Text(R2)]
for name, args, reads, sort, reference, want in (
        ("pairs", "--mark-duplicates -R '@RG\\tID:1\\tSM:s'", pair, True, [], {"bam": ["s1.bam"], "bai": ["s1.bam.bai"]}),
        ("csi", "--csi", pair, True, [], {"bam": ["s1.bam"], "csi": ["s1.bam.csi"]}),
        ("single", None, pair[:1], False, [], {"bam": ["s1.bam"]}),
        ("cram", "--output-format cram", pair, True, fasta, {"cram": ["s1.cram"], "crai": ["s1.cram.crai"]})):
    names = {"task": task(args), "meta": Map(id=Text("s1")), "index": Path(path("index_script/genome.fa.anl")), "reads": reads, "fasta": reference, "sort_bam": sort}
    for part in ("script", "stub"):
        run_in(f"{name}_{part}", section(source, part, names))
        got = outputs_of(f"{name}_{part}", outputs)
        check(got.pop("json") == ["s1.summary.json"] and got.pop("multiqc") and got == want, f"{name}, {part}: {got}")
run("align", "--sort", "--mark-duplicates", "-R", "@RG\\tID:1\\tSM:s", "-o", path("want.sam"), path("index_script/genome.fa.anl"), R1, R2)
if shutil.which("samtools"):
    got = subprocess.check_output(["samtools", "view", "--no-PG", path("pairs_script/s1.bam")], text=True)
    check(got == "".join(line for line in open(path("want.sam")) if line[0] != "@"), "align: not the records of a run by hand")
