#!/usr/bin/env python3
"""How far a run is, on a terminal and nowhere else; what the summary says, and that it is JSON whatever the names are."""
import json, pty, re
from lib import *

def on_terminal(*args):
    """What anneal draws on a terminal, line by line."""
    master, slave = pty.openpty()
    p = subprocess.Popen([ANNEAL, *map(str, args)], stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    drawn = b""
    while True:
        try: part = os.read(master, 65536)
        except OSError: break  # how Linux tells the end
        if not part: break
        drawn += part
    check(p.wait() == 0, f"{args}: {drawn}")
    return drawn.decode()

def stages(drawn, *names):
    """The stages in order; percents that do not fall; the line cleared at the end."""
    shown = re.findall(r"\r([^\r\n]*)\x1b\[K", drawn)
    seen, percent = [], 0
    for s in shown:
        m = re.match(r"([a-z -]+)(?:: (\d+)%)?", s)
        if not m: continue
        if not seen or seen[-1] != m[1]: seen.append(m[1]); percent = 0
        if m[2]:
            check(percent <= int(m[2]) <= 100, f"{s}: {percent}% before")
            percent = int(m[2])
    check(seen == list(names), f"stages {seen}, expected {names}: {drawn}")
    check("\r\x1b[K" in drawn, "the line stays")

anl = path("genome.anl")
stages(on_terminal("index", "-o", anl, GENOME), "reading", "counting k-mers", "embedding", "clustering", "assigning to lists", "writing")
stages(on_terminal("align", "-o", path("x.bam"), "--sort", "-K", "200K", anl, R1, R2), "opening the index", "aligning", "merging sorted records")
drawn = on_terminal("align", "-o", path("x.bam"), "-K", "100K", anl, R1)
check(re.search(r"aligning: \d+%(, [^;]* left)?; \d+ reads(, \d+/s)?, \d+ MiB\x1b", drawn), drawn)
check("%" not in on_terminal("align", "-v", 1, "-o", path("x.bam"), anl, R1), "-v 1 shows progress")
stages(on_terminal("align", "-o", path("y.bam"), anl, path("x.bam")), "opening the index", "aligning")
lines = run("index", "-v", "-o", anl, GENOME)[1].splitlines()
check([re.fullmatch(r"(\S.*\S) +\d+\.\d s +\d+\.\d CPU s", line)[1] for line in lines[:-1]] == ["reading", "counting k-mers", "embedding", "clustering", "assigning to lists", "writing"], f"-v: {lines}")
check(re.search(r"genome.anl: 3 contigs, 185000 bp, \d+ windows; \d+\.\d s, \d+ MiB; embedded on ", lines[-1]), f"-v: {lines}")
check(run("index", "-o", anl, GENOME)[1] == "", "index is quiet where no terminal is")
pipe = subprocess.Popen(["cat", R1], stdout=subprocess.PIPE)
p = subprocess.run([ANNEAL, "align", anl, "-"], stdin=pipe.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
lines = p.stderr.splitlines()
check(len(lines) == 4, f"the summary: {lines}")
check(lines[0].endswith(f": anneal align {anl} -") and re.match(r"anneal \d+\.\d+\.\d+: ", lines[0]), lines[0])
check(lines[1] == f"- to {anl}: 3 contigs, 185000 bp", lines[1])
check(re.fullmatch(r"5000 reads, \d+ mapped \(\d+\.\d\d%\), \d+ reads/s", lines[2]), lines[2])
check(re.fullmatch(r"\d+\.\d s, \d+\.\d CPU s, \d+ MiB, 1 thread, \w+", lines[3]), lines[3])

for options, last in (((), "closing"), (("--sort",), "merging and closing")):
    lines = run("align", "-v", 3, *options, "-o", path("x.bam"), anl, R1)[1].splitlines()
    check([m[1] for m in (re.fullmatch(r"(\S.*\S) +\d+\.\d s +\d+\.\d CPU s", line) for line in lines) if m] == ["opening", "aligning", last], f"-v 3: {lines}")

# ---- JSON ----
r1, r2 = subset(50)
strange = b'a "quoted" \\ back\nslash \x01\x7f \xff\xc3\xa9\xe2\x82\xac\xf0\x9f\xa7\xac\xc0\xaf\xed\xa0\x80\xe2\x82.fq'
folder = path("folder").encode()
os.mkdir(folder)
shutil.copy(r1, os.path.join(folder, strange))
out = path("s.json")
p = subprocess.run([ANNEAL.encode(), b"align", b"-t", b"2", b"-v", b"1", b"-o", b"/dev/null", b"--summary", out.encode(), b"-R", b"@RG\\tID:\xfc\xfc".replace(b"\xfc", b"x"), anl.encode(),
                    os.path.join(folder, strange), r2.encode()], capture_output=True)
check(p.returncode == 0, p.stderr)
s = json.load(open(out, encoding="utf-8", errors="strict"))
name = folder.decode() + '/a "quoted" \\ back\nslash \x01\x7f \ufffdé€🧬\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd.fq'
check(s["inputs"] == [name, r2], s["inputs"])
check(s["command_line"].startswith("anneal align -t 2 -v 1 -o /dev/null") and name.replace("\n", " ") in s["command_line"], s["command_line"])
check(s["reference"] == {"index": anl, "contigs": 3, "bases": 185000}, s["reference"])
check((s["reads"], s["pairs"], s["threads"], s["device"]) == (100, 50, 2, "cpu") and s["kernels"] in LEVELS and s["version"] in run("--version")[0], s)
check(s["mapped"] >= 98 and s["proper_pairs"] >= 45 and abs(s["insert_size"]["mean"] - 400) < 50, s)
check(s["seconds"] > 0 and s["cpu_seconds"] > 0 and s["peak_memory_mib"] > 5 and s["reads_per_second"] > 0, s)
run("align", "-v", 1, "-o", "/dev/null", "--summary", out, anl, r1, *["-v", 1] * 3000)  # a command line of 15,000 letters is told whole
check(json.load(open(out))["command_line"].endswith(" -v 1" * 3000) and json.load(open(out))["insert_size"] is None, "a long command line")
