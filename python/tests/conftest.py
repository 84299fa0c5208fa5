"""What the tests share: the sample, its index, and the program beside which the package is held."""
import gzip
import os
import random
import subprocess

import pytest

import anneal

SOURCE = os.environ.get("ANNEAL_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PROGRAM = os.environ.get("ANNEAL", os.path.join(SOURCE, "build", "anneal"))
SAMPLE = os.path.join(SOURCE, "data", "sample")
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def reverse(seq):
    return seq[::-1].translate(COMPLEMENT)


def program(*args):
    return subprocess.run([PROGRAM, *map(str, args)], check=True, capture_output=True, text=True, timeout=300).stdout


def fastq(name, n):
    with gzip.open(os.path.join(SAMPLE, name), "rt") as f:
        lines = [next(f).rstrip("\n") for _ in range(4 * n)]
    return lines[1::4]


def parse_fasta(text):
    return {c.split()[0]: "".join(c.split("\n")[1:]).upper() for c in text.split(">")[1:]}


@pytest.fixture(scope="session")
def fasta():
    return os.path.join(SAMPLE, "genome.fa.gz")


@pytest.fixture(scope="session")
def contigs(fasta):
    with gzip.open(fasta, "rt") as f:
        return parse_fasta(f.read())


@pytest.fixture(scope="session")
def index(fasta, tmp_path_factory):
    path = tmp_path_factory.mktemp("index") / "genome.anl"
    anneal.build(fasta, path, n_threads=2)
    return path


@pytest.fixture
def aligner(index):
    return anneal.Aligner(index)


@pytest.fixture(scope="session")
def pairs():
    return list(zip(fastq("reads_1.fq.gz", 600), fastq("reads_2.fq.gz", 600)))


@pytest.fixture(scope="session")
def odd(contigs):
    """Reads on which names and coordinates can go wrong: both strands, clips, gaps, N, split, long, short, nowhere."""
    chr1 = contigs["chr1"]
    gap = chr1[40000:40080] + chr1[40084:40150]
    more = chr1[50000:50070] + "GATTACA" + chr1[50070:50140]
    noise = "".join(random.Random(3).choice("ACGT") for _ in range(40))
    reads = [chr1[5000:5150], chr1[0:150], chr1[-150:], gap, more, noise + chr1[7000:7120], chr1[7000:7120] + noise,
             chr1[8000:8060] + "N" + chr1[8061:8150], chr1[2000:2080] + chr1[60000:60070], chr1[2000:2080] + reverse(chr1[60000:60070]),
             chr1[30000:33000], chr1[9000:9100].lower(), chr1[100:120], "N" * 60, noise, "", "ACGT"]
    return reads + [reverse(r.upper()) for r in reads]
