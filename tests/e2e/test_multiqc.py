#!/usr/bin/env python3
"""--multiqc: what the files say is what the records say; where MultiQC is installed it reads them, and where a Chromium is the page shows them (tests/multiqc installs both)."""
import collections, json
from lib import *

anl = index()
p1, p2 = subset(1500)
single = write("single.fq", "".join(f"@s{i}\n{s}\n+\n{q}\n" for i, (s, q) in enumerate(zip(open(p1).read().splitlines()[1:1600:4], open(p1).read().splitlines()[3:1600:4]))) + "@junk\n" + "ACGTTGCA" * 10 + "\n+\n" + "I" * 80 + "\n")
FOLDER = path("qc")
os.mkdir(FOLDER)
SECTIONS = ("reads", "duplicates", "inserts", "mapq", "identity")

def sections(sample, names=SECTIONS):
    """The data of each section, which must be about this sample alone."""
    found = {}
    for n in (*names, "general"):
        d = json.load(open(f"{FOLDER}/{sample}.anneal_{n}_mqc.json"))
        check(d["id"] == f"anneal_{n}" and list(d["data"]) == [sample], f"{n}: {d}")
        check(n == "general" or d["parent_id"] == "anneal" and d["section_name"] and d["description"] and d["plot_type"] in ("bargraph", "linegraph") and d["pconfig"]["id"], f"{n}: {d}")
        found[n] = d["data"][sample]
    check([list(c)[0] for c in json.load(open(f"{FOLDER}/{sample}.anneal_general_mqc.json"))["pconfig"]] == list(found["general"]), "columns of the general statistics")
    return found

def expected(bam):
    """The same from the records."""
    reads = mapped = proper = copies = matches = all_columns = 0
    mapq, insert, identity = (collections.Counter() for _ in range(3))
    for f, t in records(subprocess.check_output(["samtools", "view", bam], text=True)):
        flag = int(f[1])
        if flag & 0x900: continue
        reads += 1
        if flag & 4: continue
        mapped, proper, copies = mapped + 1, proper + (flag & 2) // 2, copies + (flag & 1024) // 1024
        mapq[int(f[4])] += 1
        number, columns = "", 0
        for c in f[5]:
            if c.isdigit(): number += c; continue
            columns += int(number) * (c not in "SH")
            number = ""
        identity[(columns - int(t["NM"])) * 100 // columns] += 1
        matches, all_columns = matches + columns - int(t["NM"]), all_columns + columns
        if flag & 2 and int(f[8]) > 0: insert[min(int(f[8]) // 10 * 10, 1990)] += 1
    return reads, mapped, proper, copies, mapq, insert, identity, 100 * matches / all_columns

def compare(sample, *reads):
    run("align", "-v1", "--sort", "--mark-duplicates", "-Y", "--summary", path("s.json"), "--multiqc", f"{FOLDER}/{sample}", "-o", path(sample + ".bam"), anl, *reads)
    got, (n, mapped, proper, copies, mapq, insert, identity, mean) = sections(sample), expected(path(sample + ".bam"))
    check(got["reads"] == {"In proper pairs": proper, "Mapped otherwise": mapped - proper, "Unmapped": n - mapped}, f"{sample}: {got['reads']}")
    check(got["duplicates"] == {"Unique": mapped - copies, "Duplicates": copies, "Optical duplicates": 0} and copies > 0, f"{sample}: {got['duplicates']}")
    for name, want in (("mapq", mapq), ("inserts", insert), ("identity", identity)):
        check({k: v for k, v in got[name] if v} == dict(want), f"{sample}: {name} {got[name]}, records {want}")
    told, g = json.load(open(path("s.json"))), got["general"]
    proven = sum(told["search"]["proven_in_wave"]) + told["search"]["proven_beside_mate"] + told["search"]["proven_together"]
    for name, want in (("reads", n), ("mapped", 100 * mapped / n), ("proper", 100 * proper / n), ("duplicates", 100 * copies / mapped), ("proven", 100 * proven / n), ("identity", mean)):
        check(abs(g["anneal_" + name] - want) < 1e-3, f"{sample}: {name} {g}, expected {want}")
    return g

if not shutil.which("samtools"): skip("no samtools")
twice = [write(f"twice_{i}.fq", open(f).read() + "".join(line.replace("@", "@again_", 1) if k % 4 == 0 else line for k, line in enumerate(open(f).read().splitlines(True)[:400]))) for i, f in ((1, p1), (2, p2))]
one, two = compare("one", *twice), compare("two", single, "-t", 2)
version = open(f"{FOLDER}/one.anneal_mqc_versions.yml").read()
check(version == f'anneal: "{run("--version")[0].split()[1]}"\n', version)

run("align", "-v1", "--multiqc", path("plain"), "-o", "/dev/null", "--lane", single, "--sam-hit-only", anl)
check(not os.path.exists(path("plain.anneal_duplicates_mqc.json")) and "anneal_duplicates" not in open(path("plain.anneal_general_mqc.json")).read(), "duplicates that nobody looked for")
check(json.load(open(path("plain.anneal_reads_mqc.json")))["data"]["plain"] == sections("two")["reads"], "unmapped reads that are not written")
run("align", "-v1", "--multiqc", path("empty"), "-o", "/dev/null", anl, write("empty.fq", ""))
json.load(open(path("empty.anneal_mapq_mqc.json")))
refused("align", "--multiqc", TEMP + "/", "-o", "/dev/null", anl, single, says="names no sample behind the folder")
taken = write("x.anneal_mapq_mqc.json", open(single).read())
refused("align", "--multiqc", path("x"), "-o", "/dev/null", anl, taken, says="is an input and would be written over", status=2)
refused("align", "--multiqc", path("y"), "-o", path("y.anneal_reads_mqc.json"), "--output-format", "sam", anl, single, says="two outputs", status=2)
refused("align", "--multiqc", path("z"), "-o", "/dev/null", anl, write("broken.fq", "@r\nACGT\n+\nII\n"), says="broken.fq: record 1")

# ---- MultiQC itself ----

multiqc, chromium = shutil.which("multiqc"), shutil.which("chromium")
if not multiqc:
    print("not read by MultiQC, which is not installed: tests/multiqc does that")
    sys.exit(0)
p = subprocess.run([multiqc, "--strict", "--no-version-check", "-o", path("report"), FOLDER], capture_output=True, text=True, timeout=300)
check(p.returncode == 0 and "rror" not in p.stdout + p.stderr, f"MultiQC: {p.stdout} {p.stderr}")
data = path("report/multiqc_data/")
head, *rows = (line.rstrip("\n").split("\t") for line in open(data + "multiqc_general_stats.txt"))
for row in rows:
    want = {"one": one, "two": two}[row[0]]
    for column, value in zip(head[1:], row[1:]): check(abs(float(value) - want[column.rsplit("-", 1)[-1]]) < 0.01, f"{row[0]}: {column} {value}, file {want}")
check(sorted(r[0] for r in rows) == ["one", "two"] and len(head) == 7, f"general statistics: {head} {rows}")
for name in SECTIONS:
    plotted = open(data + f"multiqc_anneal_{name}_plot.txt").read()
    check("one\t" in plotted and "two\t" in plotted, f"{name}: {plotted[:300]}")
check("anneal" in open(data + "multiqc_software_versions.txt").read(), "versions")
print("read by MultiQC: two samples, six sections, the version")
if chromium:
    page = "file://" + path("report/multiqc_report.html")
    dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--dump-dom", page], capture_output=True, text=True, timeout=200).stdout
    for words in ("anneal: reads", "anneal: duplicates", "anneal: insert sizes", "anneal: MAPQ", "anneal: identity", "Proven"):
        check(words in dom, f"the page does not show '{words}'")
    check(dom.count('class="main-svg"') >= 5, f"the page has {dom.count('main-svg')} drawn plots")
    picture = os.environ.get("ANNEAL_SCREENSHOT")
    if picture: subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--window-size=1100,1500", f"--screenshot={picture}", page], check=True, capture_output=True, timeout=200)
    print("the page shows them in Chromium")
