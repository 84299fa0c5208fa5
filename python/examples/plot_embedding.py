#!/usr/bin/env python3
"""The embedding seen from outside: what the vectors of a genome's windows know.

    python plot_embedding.py [GENOME.fa[.gz]] [-o embedding.png]

Left: the windows of the genome, on the two directions in which their vectors vary most, by content of G and C. Middle: how near the vector of
a sequence stays to that of its origin while letters are changed, and while it is taken further along the genome, beside sequences from elsewhere.
Right: where the nearest window of reads with 5% errors lies, found by Aligner.search, against where they are from.
Without matplotlib the numbers go to a table (.tsv) instead.
"""
import argparse
import os
import random
import tempfile

import numpy as np

import anneal

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "sample", "genome.fa.gz")
LENGTH = 150  # bp of a read
RATES = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
SHIFTS = [0, 10, 20, 40, 60, 80, 100, 125, 150]


def mutated(seq, rate, rng):
    return "".join(rng.choice("ACGT".replace(c, "")) if rng.random() < rate else c for c in seq)


def cosines(a, b):
    a, b = a.astype(float), b.astype(float)  # int8 would overflow
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def windows(aligner):
    """Windows of the contigs without N, every half of their length."""
    for name in aligner.seq_names:
        seq = aligner.seq(name)
        for i in range(0, len(seq) - aligner.window + 1, aligner.window // 2):
            window = seq[i:i + aligner.window]
            if set(window) <= set("ACGT"):
                yield window


def map_of_windows(aligner):
    """Coordinates on the first two principal components, their shares of the variance, and GC of every window."""
    seqs = list(windows(aligner))
    vectors = aligner.embed(seqs).astype(float)
    vectors -= vectors.mean(0)
    _, spread, directions = np.linalg.svd(vectors, full_matrices=False)
    gc = np.array([(s.count("G") + s.count("C")) / len(s) for s in seqs])
    return vectors @ directions[:2].T, spread[:2] ** 2 / (spread ** 2).sum(), gc


def nearness(aligner, n=300, seed=1):
    """Median cosines with the origin by rate of changes and by shift along the genome; and those of unrelated pairs (5th to 95th percentile)."""
    rng = random.Random(seed)
    contig = max(aligner.seq_names, key=lambda name: len(aligner.seq(name)))
    seq = aligner.seq(contig)
    starts = [i for i in (rng.randrange(len(seq) - LENGTH - max(SHIFTS)) for _ in range(3 * n)) if "N" not in seq[i:i + LENGTH + max(SHIFTS)]][:n]
    origins = [seq[i:i + LENGTH] for i in starts]
    vectors = aligner.embed(origins)
    by_rate = [np.median(cosines(vectors, aligner.embed(mutated(s, rate, rng) for s in origins))) for rate in RATES]
    by_shift = [np.median(cosines(vectors, aligner.embed(seq[i + shift:i + shift + LENGTH] for i in starts))) for shift in SHIFTS]
    return by_rate, by_shift, np.percentile(cosines(vectors, np.roll(vectors, 1, axis=0)), [5, 95])


def found(aligner, n=400, seed=2):
    """True and found position of reads of the longest contig; -1 where nothing, or another contig, was found."""
    rng = random.Random(seed)
    contig = max(range(aligner.n_seq), key=lambda i: len(aligner.seq(aligner.seq_names[i])))
    seq = aligner.seq(aligner.seq_names[contig])
    starts = np.array(sorted(rng.randrange(len(seq) - LENGTH) for _ in range(n)))
    _, positions = aligner.search(aligner.embed(mutated(seq[i:i + LENGTH], 0.05, rng) for i in starts), k=1)
    return starts, np.where(positions["contig"][:, 0] == contig, positions["pos"][:, 0], -1)


def write_table(out, points, gc, near, starts, where):
    with open(out, "w") as f:
        f.write("what\tx\ty\tvalue\n")
        for (x, y), value in zip(points, gc):
            f.write(f"window\t{x:.2f}\t{y:.2f}\t{value:.3f}\n")
        for what, xs, ys in (("changed", RATES, near[0]), ("shifted", SHIFTS, near[1]), ("read", starts, where)):
            for x, y in zip(xs, ys):
                f.write(f"{what}\t{x:g}\t{y:.6g}\t\n")


def draw(plt, out, points, shares, gc, near, starts, where):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.7), constrained_layout=True)
    dots = left.scatter(*points.T, c=gc, s=5, cmap="viridis", linewidths=0)
    figure.colorbar(dots, ax=left, label="GC")
    left.set(title=f"{len(gc)} windows", xlabel=f"first component ({shares[0]:.0%} of variance)", ylabel=f"second ({shares[1]:.0%})")
    by_rate, by_shift, (low, high) = near
    middle.plot([100 * r for r in RATES], by_rate, "o-", ms=4, label="letters changed (%)")
    middle.plot([100 * s / LENGTH for s in SHIFTS], by_shift, "s-", ms=4, label="shifted (% of the length)")
    middle.axhspan(low, high, color="0.85", label="elsewhere (90%)")
    middle.set(title="cosine with the origin", xlabel="%", ylim=(-0.15, 1.05))
    middle.legend(fontsize=8)
    right.plot(starts / 1000, np.where(where < 0, np.nan, where / 1000), ".", ms=3)
    near_enough = np.abs(starts - where) <= 200
    right.set(title=f"nearest window: {near_enough.mean():.1%} right", xlabel="read from (kb)", ylabel="found at (kb)")
    figure.savefig(out, dpi=70, metadata={"Software": None})


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("genome", nargs="?", default=SAMPLE)
    p.add_argument("-o", "--output", default="embedding.png")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = os.path.join(folder, "genome.anl")
        anneal.build(a.genome, index)
        with anneal.Aligner(index) as aligner:
            points, shares, gc = map_of_windows(aligner)
            near = nearness(aligner)
            starts, where = found(aligner)
    try:
        import matplotlib
    except ImportError:
        out = os.path.splitext(a.output)[0] + ".tsv"
        write_table(out, points, gc, near, starts, where)
        print(f"{out}: the numbers (pip install matplotlib draws them)")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    draw(pyplot, a.output, points, shares, gc, near, starts, where)
    print(a.output)


if __name__ == "__main__":
    main()
