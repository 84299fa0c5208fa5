#!/usr/bin/env python3
"""Cuts FASTQ files into pieces of so many reads, mates into pieces of the same number: OUT/00000_1.fq.gz, OUT/00000_2.fq.gz, ...

usage: split_reads.py [--first] OUT N R1 [R2]      (--first: the first piece alone)
"""
import gzip
import itertools
import os
import shutil
import sys


def opened(path):
    with open(path, "rb") as f:
        return gzip.open(path, "rb") if f.read(2) == b"\x1f\x8b" else open(path, "rb")


def pieces(path, out, mate, n, only_first):
    """Number of reads of each piece."""
    counts = []
    with opened(path) as reads:
        while not only_first or not counts:
            lines = itertools.islice(reads, 4 * n)
            first = next(lines, None)
            if first is None and counts: break
            written = 0
            with gzip.open(os.path.join(out, f"{len(counts):05d}_{mate}.fq.gz"), "wb", compresslevel=1) as piece:
                for line in itertools.chain([first] if first else [], lines):
                    if written % 4 == 0 and not line.startswith(b"@") or written % 4 == 2 and not line.startswith(b"+"):
                        sys.exit(f"{path}: read {sum(counts) + written // 4 + 1} is not FASTQ of four lines")
                    piece.write(line)
                    written += 1
            if written % 4: sys.exit(f"{path}: ends within a read")
            counts.append(written // 4)
    return counts


def main():
    arguments = sys.argv[1:]
    only_first = arguments[:1] == ["--first"]
    out, n, *files = arguments[only_first:]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    counts = [pieces(f, out, mate, int(n), only_first) for mate, f in enumerate(files, 1)]
    if any(c != counts[0] for c in counts): sys.exit(f"{' and '.join(files)} do not hold the same number of reads: {[sum(c) for c in counts]}")


main()
