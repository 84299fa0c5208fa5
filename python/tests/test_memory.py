"""Calls leave nothing behind: neither references nor memory."""
import gc
import os
import sys

import pytest

import anneal


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def failing(call):
    with pytest.raises(Exception):
        call()


def test_references(index, pairs, odd):
    a = anneal.Aligner(index, all=True)
    read, other = pairs[0]
    name, missing = a.seq_names[0], None
    vectors = a.embed([read])
    batch, paired, letters = odd * 2, pairs[:20], [read, other]
    watched = [a, a._session, read, other, name, missing, batch, paired, letters, anneal.Hit, type(a._session), vectors, *a.seq_names]

    def everything():
        for hits in a.map_batch(batch, cs=True, MD=True) + a.map_batch(paired) + [list(a.map(read, other))]:
            for h in hits:
                h.ctg, h.cigar, h.cigar_str, h.MD, h.cs, str(h), repr(h)
        a.embed(letters), a.search(vectors, 3), a.seq(name, 3, 9), a.seq_names
        failing(lambda: a.map_batch([read, 3]))
        failing(lambda: a.map_batch([(read, other), read]))
        failing(lambda: a.embed([read, "A"]))
        failing(lambda: a.search(vectors, 0))
        failing(lambda: anneal.Aligner(index, match=0))
        failing(lambda: anneal.build(index, index))

    everything()
    gc.collect()
    before = [sys.getrefcount(x) for x in watched]
    for _ in range(10):
        everything()
    gc.collect()
    after = [sys.getrefcount(x) for x in watched]
    # None is shared with everything that runs here, and some of it comes and goes
    for i, (x, y) in enumerate(zip(before, after)):
        assert x == y or (watched[i] is None and abs(x - y) < 100), watched[i]


def test_memory(index, pairs, odd):
    a = anneal.Aligner(index)
    vectors = a.embed([r for r, _ in pairs])

    def everything():
        a.map_batch(odd, cs=True, MD=True), a.map_batch(pairs[:50]), list(a.map(*pairs[0]))
        a.embed([r for r, _ in pairs[:50]]), a.search(vectors[:50], 100), a.seq("chr1")
        failing(lambda: a.map_batch([*odd, 3]))
        failing(lambda: a.embed(["A" * 30, "A"]))
        with anneal.Aligner(index) as other:
            other.map_batch(odd[:3])
        failing(lambda: anneal.Aligner(index, match=0))

    for _ in range(20):
        everything()
    before = resident()
    for _ in range(40):
        everything()
    grown = resident() - before
    assert grown < 8 << 20, f"{grown} bytes more after 40 rounds"
