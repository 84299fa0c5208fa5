#!/usr/bin/env python3
"""The uniqueness map in the index: its k and how much of the reference is unique, against a count here."""
import itertools
from collections import Counter
from lib import *

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")

def share(contigs, k):
    seen, at = Counter(), []
    for seq in contigs:
        for i in range(len(seq) - k + 1):
            x = seq[i:i + k]
            n = x.count("N")
            if n > 2: continue
            for letters in itertools.product("ACGT", repeat=n):
                rest = iter(letters)
                y = "".join(next(rest) if c == "N" else c for c in x) if n else x
                z = y.translate(COMPLEMENT)[::-1]
                seen[min(y, z)] += 1
            if not n and y != z: at.append(min(y, z))
    return sum(seen[x] == 1 for x in at) / sum(map(len, contigs))

def info(anl):
    return dict(line.split("\t")[:2] for line in run("info", anl)[0].splitlines())

genome = ["".join(g.split("\n")[1:]).upper() for g in read_gz(GENOME).split(">")[1:]]
contigs = [genome[0][:30000], genome[0][9000:12000] + "N" + genome[1][:9000] + "NN" + genome[1][50:150] + 40 * "N" + genome[2], genome[2][:13], genome[2][:50] + "N"]
fasta = write("u.fa", "".join(f">c{i}\n{c}\n" for i, c in enumerate(contigs)))
for k in (14, 20, 31):
    got = info(index("u.anl", fasta, "--unique-k", k))
    check((got["unique_k"], got["unique_share"]) == (str(k), f"{share(contigs, k):.4f}"), f"k {k}: {got}, expected {share(contigs, k)}")
got = info(index("u.anl", fasta))
check(got["unique_k"] == "14" and got["unique_share"] == f"{share(contigs, 14):.4f}", f"{got}")
for k in (13, 32, "x"):
    refused("index", "--unique-k", k, "-o", path("x.anl"), fasta, says="--unique-k")
