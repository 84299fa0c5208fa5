#!/usr/bin/env python3
"""Training: the same model for any number of threads and after an interruption; a trained model finds more than the sketch; recall's table;
the light encoder."""
import random, signal, time
from lib import *

random.seed(5)
genome = write("genome.fa", ">chr1\n" + "".join(random.choices("ACGT", k=300000)) + "\n>chr2 N within\n" + "".join(random.choices("ACGT", k=40000)) + "N" * 500
               + "".join(random.choices("ACGT", k=30000)) + "\n")
other = write("other.fa", ">x\n" + "".join(random.choices("ACGT", k=200000)) + "\n")
small = ["train", "--dim", "32", "--batch", "128", "--linear-pairs", "60K", "--pairs", "3K", "--mine-every", "10", "--seed", "3"]

run(*small, "-t", 1, "-o", path("a.anm"), genome)
run(*small, "-t", 3, "-o", path("b.anm"), "--log", path("log.tsv"), genome)
check(digest(path("a.anm")) == digest(path("b.anm")), "the model depends on the threads")
log = [line.split("\t") for line in open(path("log.tsv")).read().splitlines()]
check(log[0][:4] == ["step", "pairs", "layers", "loss"] and log[-1][2] == "2" and int(log[-1][0]) == 491, f"log: {log[0]} {log[-1]}")
linear = [float(f[3]) for f in log[1:] if f[2] == "0"]
check(linear[-1] < linear[0], "the loss does not fall")

# Interrupted, and gone on with.
again = [*small, "--checkpoint", path("run.ck"), "-o", path("c.anm"), "--log", path("log2.tsv"), genome]
p = subprocess.Popen([ANNEAL, *map(str, again)], stderr=subprocess.PIPE, text=True)
while p.poll() is None and not (os.path.exists(path("log2.tsv")) and open(path("log2.tsv")).read().count("\n") > 1): time.sleep(0.01)
p.send_signal(signal.SIGTERM)
said = p.communicate()[1]
if p.returncode:  # else it was already done
    check(said.startswith("anneal: stopped at step") and said.count("\n") == 1 and not os.path.exists(path("c.anm")), f"interruption: {said}")
    check(os.path.exists(path("run.ck")), "no checkpoint")
    refused(*small, "--rate", 0.5, "--checkpoint", path("run.ck"), "-o", path("d.anm"), genome, says="other options")
    damaged = bytearray(open(path("run.ck"), "rb").read())
    damaged[len(damaged) // 2] ^= 1
    write("damaged.ck", bytes(damaged))
    refused(*small, "--checkpoint", path("damaged.ck"), "-o", path("d.anm"), genome, says="corrupt")
    write("short.ck", bytes(damaged[:2000]))
    refused(*small, "--checkpoint", path("short.ck"), "-o", path("d.anm"), genome, says="truncated")
    run(*again)
check(digest(path("a.anm")) == digest(path("c.anm")), "going on after an interruption gives another model")

# Recall on a genome it never saw.
def table(*args):
    lines = [line.split("\t") for line in run("recall", "--lengths", "100,150", "--errors", "10,150", "--reads", 300, *args)[0].splitlines()]
    return [dict(zip(lines[0], f)) for f in lines[1:]]
rows = table("--model", path("a.anm"), "--baseline", "sketch", other)
check(rows == table("--model", path("a.anm"), "--baseline", "sketch", "-t", 3, other), "recall depends on the threads")
check(len(rows) == 16 and all(0 <= float(r["recall@1"]) <= float(r["recall@10"]) <= float(r["recall@32"]) <= 100 for r in rows), "recall's table")
at = {(r["model"], r["length"], r["error%"], r["search"]): float(r["recall@10"]) for r in rows}
check(at["model", "150", "15.0", "exact"] > at["sketch", "150", "15.0", "exact"] + 5, f"no better than the sketch: {at}")
check(at["model", "150", "1.0", "index"] > 95, f"a read with few errors is not found: {at}")
check(all(at[m, l, e, "exact"] >= at[m, l, e, "index"] - 1 for m, l, e, s in at), f"the index finds more than there is: {at}")

# Rounding to int8 loses next to nothing of what the float encoder of the same run finds.
rows = table("--model", path("c.anm"), "--checkpoint", path("run.ck"), other)
found = {(r["length"], r["error%"], r["search"]): float(r["recall@10"]) for r in rows}
check(len(rows) == 12 and rows == table("--model", path("c.anm"), "--checkpoint", path("run.ck"), "-t", 2, other), "recall of the float encoder")
check(all(found[l, e, "exact"] >= found[l, e, "float"] - 1.5 for l, e, _ in found), f"rounding loses too much: {found}")
check(found["150", "15.0", "float"] > at["sketch", "150", "15.0", "exact"] + 5, f"the float encoder has not learnt: {found}")
refused("recall", "--model", path("c.anm"), "--checkpoint", genome, other, says="not a checkpoint")

# The light encoder: the same for any number of threads and after an interruption; the teacher's own weights, and so its indexes, stay good.
light = ["train", "--light", path("a.anm"), "--batch", 128, "--pairs", "150K", "--hidden", 32, "--seed", 3]
run(*light, "-t", 1, "-o", path("light.anm"), "--log", path("light.tsv"), genome)
log = [line.split("\t") for line in open(path("light.tsv")).read().splitlines()]
check(log[0] == ["step", "pairs", "loss", "pairs_per_s", "lists2", "lists8", "lists32"] and int(log[-1][0]) == 1171, f"log: {log[0]} {log[-1]}")
check(float(log[-1][2]) < 0.6 * float(log[1][2]), f"the loss does not fall: {log[1]} {log[-1]}")
again = [*light, "-t", 3, "--checkpoint", path("light.ck"), "-o", path("light2.anm"), "--log", path("light2.tsv"), genome]
p = subprocess.Popen([ANNEAL, *map(str, again)], stderr=subprocess.PIPE, text=True)
while p.poll() is None and not (os.path.exists(path("light2.tsv")) and open(path("light2.tsv")).read().count("\n") > 1): time.sleep(0.01)
p.send_signal(signal.SIGTERM)
said = p.communicate()[1]
if p.returncode:
    check(said.startswith("anneal: stopped at step") and said.count("\n") == 1 and not os.path.exists(path("light2.anm")), f"interruption: {said}")
    refused(*light, "--rate", 0.5, "--checkpoint", path("light.ck"), "-o", path("d.anm"), genome, says="other options")
    refused("train", "--light", path("b.anm"), "--checkpoint", path("light.ck"), "-o", path("d.anm"), genome, says="other options")
    run(*again)
check(digest(path("light.anm")) == digest(path("light2.anm")), "the light encoder depends on the threads or on an interruption")
run("index", "--model", path("a.anm"), "-o", path("a.anl"), genome)
run("index", "--model", path("light.anm"), "-o", path("light.anl"), genome)
check(digest(path("a.anl")) == digest(path("light.anl")), "an index depends on the light encoder")
rows = table("--model", path("light.anm"), "--light", genome)
check(len(rows) == 16 and rows == table("--model", path("light.anm"), "--light", "-t", 3, genome), "recall of the light encoder")
found = {(r["model"], r["length"], r["error%"], r["search"]): r for r in rows}
at = lambda model, column: float(found[model, "150", "1.0", "index"][column])
check(at("light", "recall@10") > 90 and at("model", "recall@10") > at("light", "recall@10") - 1, f"the light encoder has not learnt: {rows}")
check(at("light", "lists@2") <= at("light", "lists@8") <= at("light", "lists@32") <= 100 and at("light", "lists@8") > 90, f"lists: {rows}")
first = open(path("light.anm"), "rb").read()
check(first.count(b"train --seed 3") == 1 and first.count(b"\nlight encoder: anneal") == 1, "provenance")
run("train", "--light", path("light.anm"), "--batch", 128, "--pairs", "1K", "-o", path("twice.anm"), genome)
check(open(path("twice.anm"), "rb").read().count(b"\nlight encoder: ") == 1, "provenance of a second light encoder")
refused("recall", "--model", path("a.anm"), "--light", genome, says="no light encoder")
refused(*light, "-o", path("a.anm"), genome, says="is an input and would be written over")
refused(*light, "--layers", 1, "-o", path("x.anm"), genome, says="takes no --layers")
refused(*light, "--device", "cuda", "-o", path("x.anm"), genome, says="on the CPU")
refused(*light, "-o", path("x.anm"), says="genomes")
refused("train", "--light", path("none.anm"), "-o", path("x.anm"), genome, says="none.anm")
refused("train", "--light", path("a.anm"), "--hidden", 500, "-o", path("x.anm"), genome, says="500")
refused("train", "--light", path("a.anm"), "--hidden", 40, "-o", path("x.anm"), genome, says="40")
refused("train", "--hidden", 64, "-o", path("x.anm"), genome, says="only with --light")

# Repeats set a ceiling, on either strand.
unit = "".join(random.choices("ACGT", k=5000))
turned = unit[::-1].translate(str.maketrans("ACGT", "TGCA"))
twice = write("twice.fa", ">x\n" + "".join(random.choices("ACGT", k=10000)) + unit + "".join(random.choices("ACGT", k=5000)) + turned + "\n")
share = float(table("--model", path("a.anm"), twice)[0]["unique%"])
check(50 < share < 70, f"60% of the sequence is unique, not {share}%")

refused("train", "-o", path("x.anm"), says="genomes")
refused("train", "-o", path("x.anm"), path("none.fa"), says="none.fa")
refused("train", "--batch", 33, "-o", path("x.anm"), genome, says="--batch 33")
refused("train", "--device", "tpu", "-o", path("x.anm"), genome, says="--device tpu")
refused("train", "--pairs", "12x", "-o", path("x.anm"), genome, says="--pairs 12x")
refused("recall", "--errors", "900", other, says="900")
refused("recall", path("none.fa"), says="none.fa")
