"""The embedding and the search in it, beside NumPy."""
import random

import numpy as np
import pytest

import anneal
from conftest import reverse

NONE = np.iinfo(np.int32).max


@pytest.fixture(scope="module")
def windows(index, contigs):
    """(contig, pos) and vector of all windows of the index, in its order; windows of N have none."""
    a = anneal.Aligner(index)
    places = []
    for i, name in enumerate(a.seq_names):
        last = max(len(contigs[name]) - a.window, 0)
        places += [(i, min(pos, last)) for pos in range(0, last + 48, 48)] if last else [(i, 0)]
    vectors = a.embed(a.seq(a.seq_names[c], pos, pos + a.window) for c, pos in places)
    kept = vectors.any(axis=1)
    return np.array(places)[kept], vectors[kept]


def nearest(windows, vectors, k):
    """The exact answer: distances and places, equally near ones in the order of the index; cosines under 1/4 are noise."""
    places, stored = windows
    v, s = vectors.astype(np.int64), stored.astype(np.int64)
    norms = (v * v).sum(1)
    distance = norms[:, None] + (s * s).sum(1) - 2 * v @ s.T
    order = np.argsort(distance, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(distance, order, 1)
    noise = (found > norms[:, None] * 12 // 8) | (norms[:, None] == 0)
    return np.where(noise, NONE, found), np.where(noise[..., None], -1, places[order])


def reads_of(contigs, n, seed=1):
    rng = random.Random(seed)
    reads = []
    for _ in range(n):
        seq = contigs[rng.choice(["chr1", "chr2"])]
        at, length = rng.randrange(len(seq) - 400), rng.choice([20, 100, 150, 176, 400])
        read = "".join(rng.choice("ACGT") if rng.random() < 0.05 else c for c in seq[at:at + length])
        reads.append(read if rng.random() < 0.5 else reverse(read))
    return reads


def test_embed(index, contigs):
    reads = reads_of(contigs, 700) + ["N" * 50, "acgtACGTTGCAGGATTACA", "ACGTNACGTNACGTNACGTNACGTN"]
    one = anneal.Aligner(index)
    vectors = one.embed(reads)
    assert vectors.dtype == np.int8 and vectors.shape == (len(reads), one.dim)
    assert (vectors == one.embed([reverse(r.upper()) for r in reads])).all()
    assert (vectors == anneal.Aligner(index, n_threads=3).embed([r.encode() for r in reads])).all()
    assert (vectors == np.concatenate([one.embed([r]) for r in reads])).all()
    assert not vectors[700].any() and vectors[701].any() and not vectors[702].any()
    lengths = np.linalg.norm(vectors[vectors.any(axis=1)].astype(float), axis=1)
    assert lengths.max() < 1.05 * lengths.min()
    assert one.embed([]).shape == (0, one.dim)
    vectors[0] = 0  # the array is the caller's own


@pytest.mark.parametrize("k", [1, 7, 2048])
def test_search_of_all_lists_is_exact(index, contigs, windows, k):
    a = anneal.Aligner(index, n_threads=2)
    vectors = a.embed(reads_of(contigs, 130) + ["N" * 60])
    want, places = nearest(windows, vectors, k)
    if k > want.shape[1]:
        want = np.pad(want, ((0, 0), (0, k - want.shape[1])), constant_values=NONE)
        places = np.pad(places, ((0, 0), (0, k - places.shape[1]), (0, 0)), constant_values=-1)
    distances, positions = a.search(vectors, k, nprobe=1 << 30)
    assert distances.dtype == np.int32 and distances.shape == positions.shape == (131, k)
    assert (distances == want).all()
    assert (positions["contig"] == places[..., 0]).all() and (positions["pos"] == places[..., 1]).all()
    again = anneal.Aligner(index).search(vectors, k, nprobe=1 << 30)
    assert (again[0] == distances).all() and (again[1] == positions).all()


def test_usual_search_finds_the_nearest(index, contigs, windows):
    a = anneal.Aligner(index)
    vectors = a.embed(reads_of(contigs, 300, seed=2))
    want, _ = nearest(windows, vectors, 1)
    distances, positions = a.search(vectors)
    assert distances.shape == (300, 10)
    assert (distances[:, 0] == want[:, 0]).mean() > 0.95
    assert (np.diff(distances.astype(np.int64), axis=1) >= 0).all()
    few, _ = a.search(vectors, 10, nprobe=1)
    assert (few >= distances).all() and (few > distances).any()


def test_a_window_finds_itself(aligner, windows):
    places, vectors = windows
    distances, positions = aligner.search(vectors[5], k=1)
    assert distances.tolist() == [[0]] and positions["pos"][0, 0] == places[5][1] and positions["contig"][0, 0] == places[5][0]
    assert aligner.search(vectors[:0], 3)[0].shape == (0, 3)
    assert (aligner.search(vectors[::2], 1)[0] == 0).all()  # not contiguous


def test_wrong_arguments(aligner):
    for length in 0, 19, 401:
        with pytest.raises(ValueError, match=f"sequence 1 has {length} letters: must be 20 to 400"):
            aligner.embed(["A" * 20, "A" * length])
    vectors = aligner.embed(["ACGTTGCAAC" * 5])
    for k in 0, -1, 2049:
        with pytest.raises(ValueError, match=f"k {k}: must be 1 to 2048"):
            aligner.search(vectors, k)
    with pytest.raises(ValueError, match="nprobe -1: must be at least 0"):
        aligner.search(vectors, 1, nprobe=-1)
    with pytest.raises(TypeError, match="must be int8"):
        aligner.search(vectors.astype(np.float32), 1)
    for wrong in vectors[:, :100], vectors[None], vectors[0, 0]:
        with pytest.raises(ValueError, match=r"must have the shape \[n, 128\]"):
            aligner.search(wrong, 1)
