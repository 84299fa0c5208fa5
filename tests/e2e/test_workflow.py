#!/usr/bin/env python3
"""workflow/: its BAMs hold the records of one run, duplicates and all; on SLURM, too, where one job is killed midway (tests/workflow installs what that needs)."""
import json, re, signal, time
from lib import *

snakemake = shutil.which("snakemake")
if not snakemake or not shutil.which("samtools"): skip("no snakemake or samtools: tests/workflow installs them")
if int(subprocess.check_output([snakemake, "--version"], text=True).split(".")[0]) < 8: skip("snakemake is older than version 8")
os.chdir(TEMP)
one, two = (read_gz(f).splitlines(True) for f in (R1, R2))

def reads(name, begin, end, again=0):
    """Two files of the sample's pairs, of which the first `again` come once more."""
    names = []
    for m, lines in ((1, one), (2, two)):
        part = lines[4 * begin:4 * end]
        copies = [line.replace("@", "@again_", 1) if i % 4 == 0 else line for i, line in enumerate(part[:4 * again])]
        names.append(write(f"{name}_{m}.fq.gz", gzip.compress("".join(part + copies).encode())))
    return names

a, b = reads("a", 0, 900, 200), reads("b", 900, 1600, 100)
single = write("single.fq", "".join(one[4 * 1600:4 * 2100]))
rows = [("s1", "1", *a, "lib1"), ("s2", "L1", *b, "x"), ("s2", "L2", *reads("c", 2100, 2500, 50), "x"), ("s3", "1", single, "", "")]
write("samples.tsv", "sample\tunit\tr1\tr2\tlibrary\n" + "".join("\t".join(r) + "\n" for r in rows))
config = {"reference": GENOME, "samples": "samples.tsv", "anneal": ANNEAL, "align_threads": 1, "align_mem_mb": 300, "other_threads": 1, "sort_mem_mb": 50, "pairs_per_piece": 300, "pairs_for_inserts": 400,
          "multiqc": shutil.which("multiqc") is not None}

def snake(out, *options, check_status=True):
    write(f"{out}.json", json.dumps({**config, "out": out}))
    p = subprocess.run([snakemake, "-s", f"{SOURCE}/workflow/Snakefile", "--configfile", f"{out}.json", "--nocolor", *options], capture_output=True, text=True, timeout=390)
    check(p.returncode == 0 or not check_status, f"snakemake: {p.stdout[-3000:]} {p.stderr[-6000:]}")
    return p

def view(bam):
    return subprocess.check_output(["samtools", "view", "--no-PG", bam], text=True).splitlines()

def check_result(out):
    inserts = {f"{s}.{u}": open(f"{out}/inserts/{s}/{u}.txt").read().strip() for s, u, *_ in rows}
    check(inserts["s3.1"] == "" and all(re.fullmatch(r"\d+\.\d\d,\d+\.\d\d", v) for k, v in inserts.items() if k != "s3.1"), inserts)
    groups = {f"{s}.{u}": f"@RG\\tID:{s}.{u}\\tSM:{s}\\tLB:{lib or s}\\tPL:ILLUMINA" for s, u, _, _, lib in rows}
    def whole(s, u, *files):
        k = f"{s}.{u}"
        run("align", "-v1", "--sort", "--mark-duplicates", *(("-I", inserts[k]) if inserts[k] else ()), "-R", groups[k], "-o", f"{k}.bam", path("genome.anl"), *files)
        return view(f"{k}.bam")
    check(sum(f.endswith(".gz") for f in os.listdir(f"{out}/pieces/s1/1")) == 8, "pieces of s1")
    for s, u, r1, r2, _ in (rows[0], rows[3]):
        got, want = view(f"{out}/bam/{s}.bam"), whole(s, u, r1, *([r2] if r2 else []))
        check(got == want, f"{s}: not the records of one run: {next((x for x in zip(got, want) if x[0] != x[1]), (len(got), len(want)))}")
        check(s != "s1" or sum(int(line.split("\t")[1]) & 1024 > 0 for line in got) > 300, "duplicates of s1")
    parts = [whole(s, u, r1, r2) for s, u, r1, r2, _ in rows[1:3]]
    plain = lambda lines: sorted(re.sub(r"^(\S+)\t(\d+)", lambda m: f"{m[1]}\t{int(m[2]) & ~1024}", line) for line in lines)
    got = view(f"{out}/bam/s2.bam")
    check(plain(got) == plain(parts[0] + parts[1]), "s2: not the records of its units")
    p = subprocess.run(["samtools", "quickcheck", *(f"{out}/bam/{s}.bam" for s in ("s1", "s2", "s3"))])
    check(p.returncode == 0 and all(os.path.exists(f"{out}/{f}") for f in ("bam/s2.bam.bai", "qc/s1.stats.txt", "qc/s3.coverage.txt")), "outputs")
    check(not config["multiqc"] or "s2" in open(f"{out}/multiqc_report.html").read(), "the report")

index()
snake("here", "--cores", "2", "--quiet")
check_result("here")
print("on one machine: the records of one run")
write("broken.tsv", f"sample\tunit\tr1\tr2\ns1\t1\t{a[0]}\t{b[1]}\n")
check("do not hold the same number of reads" in subprocess.run([sys.executable, f"{SOURCE}/workflow/scripts/split_reads.py", path("odd"), "300", a[0], b[1]], capture_output=True, text=True).stderr, "mates that are not")

# ---- SLURM: one node on loopback, with files and sockets of its own ----

CONF = "/etc/slurm/slurm.conf"  # jobs of Snakemake look nowhere else
if "ANNEAL_TEST_SLURM" not in os.environ or not all(map(shutil.which, ("sbatch", "slurmctld", "slurmd", "munged"))) or os.getuid() or os.path.lexists(CONF):
    print(f"not on SLURM: ANNEAL_TEST_SLURM is not set, it is not installed, this is not root, or {CONF} is there already")
    sys.exit(0)
name = os.uname().nodename.split(".")[0]
for folder in ("state", "spool"): os.mkdir(folder)
write("munge.key", os.urandom(128))
os.chmod("munge.key", 0o400)
conf = write("slurm.conf", f"""ClusterName=test
SlurmctldHost={name}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={TEMP}/munge.sock
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
StateSaveLocation={TEMP}/state
SlurmdSpoolDir={TEMP}/spool
SlurmctldPidFile={TEMP}/slurmctld.pid
SlurmdPidFile={TEMP}/slurmd.pid
SlurmctldLogFile={TEMP}/slurmctld.log
SlurmdLogFile={TEMP}/slurmd.log
NodeName={name} NodeAddr=127.0.0.1 CPUs=2 RealMemory=3000 State=UNKNOWN
PartitionName=all Nodes={name} Default=YES MaxTime=INFINITE State=UP
""")
daemons = []

def start(*command):
    daemons.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(path("daemons.log"), "a")))

def stop():
    for d in reversed(daemons):
        d.terminate()
        try: d.wait(20)
        except subprocess.TimeoutExpired: d.kill()
    os.remove(CONF)

def wait(what, seconds, condition):
    end = time.time() + seconds
    while not condition():
        if time.time() > end: return False
        time.sleep(0.2)
    return True

def jobs(*columns):
    p = subprocess.run(["squeue", "-h", "-o", "|".join(columns)], capture_output=True, text=True)
    return [line.split("|") for line in p.stdout.splitlines()]

os.symlink(conf, CONF)
atexit.register(stop)
start("munged", "--foreground", "--force", f"--socket={TEMP}/munge.sock", f"--key-file={TEMP}/munge.key", f"--pid-file={TEMP}/munged.pid", f"--seed-file={TEMP}/munge.seed", f"--log-file={TEMP}/munge.log")
ready = wait("munge", 10, lambda: os.path.exists("munge.sock"))
start("slurmctld", "-D")
start("slurmd", "-D", "-N", name)
ready = ready and wait("the node", 40, lambda: "idle" in subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True).stdout)
if not ready:
    print("not on SLURM, which does not start here:", *(line for f in ("daemons.log", "slurmctld.log", "slurmd.log", "munge.log") if os.path.exists(f) for line in open(f).read().splitlines()[-4:]), sep="\n  ")
    sys.exit(0)

# anneal waits before its first piece, so that there is time to kill its job.
slow = write("slow-anneal", f"#!/bin/sh\ncase \"$*\" in *s1/1/00001.bam*) if mkdir {TEMP}/waited 2>/dev/null; then sleep 300; fi;; esac\nexec {ANNEAL} \"$@\"\n")
os.chmod(slow, 0o755)
config["anneal"] = slow
write("far.json", json.dumps({**config, "out": "far"}))
run_on_slurm = subprocess.Popen([snakemake, "-s", f"{SOURCE}/workflow/Snakefile", "--configfile", "far.json", "--nocolor", "--profile", f"{SOURCE}/workflow/profiles/slurm", "--jobs", "4", "--latency-wait", "5",
                                 "--slurm-no-account", "--seconds-between-status-checks", "3", "--slurm-init-seconds-before-status-checks", "3", "--slurm-status-command", "squeue", "--default-resources", "runtime=5", "mem_mb=300"], stdout=open("far.log", "w"), stderr=subprocess.STDOUT)
killed = wait("the job", 240, lambda: os.path.exists("waited") or run_on_slurm.poll() is not None) and run_on_slurm.poll() is None
running = [j for j, state, comment in jobs("%i", "%T", "%k") if state == "RUNNING" and "align" in comment] if killed else []
for j in running: subprocess.run(["scancel", "--signal=KILL", "--full", j])
status = run_on_slurm.wait(380)
log = open("far.log").read()
if status:
    for folder, _, files in os.walk(".snakemake/slurm_logs"):
        for f in files[:1]: print(open(os.path.join(folder, f)).read()[-1500:])
check(running and status == 0, f"on SLURM: status {status}, killed {running}: {log[-6000:]}")
check("Trying to restart job" in log or "restart" in log.lower(), f"no job was started again: {log[-3000:]}")
check(not jobs("%i"), "jobs are left")
check_result("far")
print("on SLURM, with a job killed: the records of one run")
