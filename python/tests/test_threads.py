"""The GIL is released while libanneal works, threads take turns, and forked processes are told what does not work."""
import gc
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import anneal
from conftest import reverse


def brief(batches):
    return [[str(h) for h in hits] for hits in batches]


def released_in(call):
    """Whether another thread runs while call() does. With this interval threads change places only where the GIL is released."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        for _ in range(20):  # a call that is through before this thread wakes up tells nothing
            started, done = threading.Event(), []
            thread = threading.Thread(target=lambda: (started.set(), call(), done.append(1)))
            thread.start()
            started.wait()
            ran = not done
            thread.join()
            if ran:
                return True
    finally:
        sys.setswitchinterval(before)
    return False


def test_gil_is_released(index, pairs, tmp_path, contigs):
    a = anneal.Aligner(index)
    reads = [r for p in pairs for r in p]
    vectors = a.embed(r for r in reads if len(r) >= 20)
    assert not released_in(lambda: sum(range(1000000)))
    assert released_in(lambda: a.map_batch(reads))
    assert released_in(lambda: a.embed(reads))
    assert released_in(lambda: a.search(vectors, 10))
    assert released_in(lambda: anneal.Aligner(index))
    (tmp_path / "a.fa").write_text(">a\n" + contigs["plasmid"] + "\n")
    assert released_in(lambda: anneal.build(tmp_path / "a.fa", tmp_path / "a.anl"))


def test_threads_share_an_aligner(index, pairs, contigs):
    a = anneal.Aligner(index, n_threads=2)
    reads = [r for r, _ in pairs[:200]]
    want, vectors = brief(a.map_batch(reads)), a.embed(reads)
    distances, _ = a.search(vectors, 5)

    def work(i):
        which = i % 4
        if which == 0:
            return brief(a.map_batch(reads)) == want
        if which == 1:
            return all(brief([a.map(r)]) == [w] for r, w in zip(reads[:50], want))
        if which == 2:
            return (a.embed(reads) == vectors).all()
        return (a.search(vectors, 5)[0] == distances).all() and a.seq("chr1") == contigs["chr1"]

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(40)))


def test_lists_may_change_meanwhile(index, pairs):
    a = anneal.Aligner(index)
    given = [bytes(bytearray(r.encode())) for p in pairs for r in p]  # nobody else has them
    want = brief(a.map_batch(given))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: brief(a.map_batch(given)))
        given.clear()
        assert running.result() in (want, [])


def test_a_call_within_a_call_is_refused(aligner, pairs):
    """A finaliser may run while hits are made; waiting for its own thread it would wait for ever."""
    read, said = pairs[0][0], []

    class Finalised:
        def __del__(self):
            try:
                said.append(len(list(aligner.map(read))))
            except RuntimeError as e:
                said.append(str(e))

    gc.collect()
    circle = Finalised()
    circle.itself = circle
    del circle
    before = gc.get_threshold()
    gc.set_threshold(100)  # of objects: more than there are before the hits
    try:
        hits = aligner.map_batch([r for r, _ in pairs])
    finally:
        gc.set_threshold(*before)
    gc.collect()
    later = sys.version_info >= (3, 12)  # collects between steps of the interpreter only
    assert said == ([1] if later else ["this thread is in a call on the same Aligner already"]) and len(hits) == len(pairs)


def test_closed(index, contigs):
    with anneal.Aligner(index) as a:
        vectors = a.embed([contigs["chr1"][:100]])
        assert list(a.map(contigs["chr1"][:100]))
    for call in (lambda: a.map("ACGT"), lambda: a.map_batch(["ACGT"]), lambda: a.embed(["A" * 30]), lambda: a.search(vectors, 1), lambda: a.seq("chr1")):
        with pytest.raises(ValueError, match="the Aligner is closed"):
            call()
    a.close()
    assert a.seq_names[0] == "chr1" and a.dim == 128


def test_wrong_reads(aligner, contigs):
    read = contigs["chr1"][:150]
    for error, says, call in (
        (TypeError, "must be str or bytes, not <class 'int'>", lambda: aligner.map(3)),
        (TypeError, "must be str or bytes", lambda: aligner.map(read, 3)),
        (TypeError, "must be str or bytes", lambda: aligner.map_batch([read, None])),
        (TypeError, "must be str or bytes", lambda: aligner.map_batch([(read, None)])),
        (TypeError, "must be str or bytes", lambda: aligner.embed([bytearray(30)])),
        (TypeError, "not one sequence", lambda: aligner.map_batch(read)),
        (TypeError, "not one sequence", lambda: aligner.embed(read.encode())),
        (TypeError, "iterable", lambda: aligner.map_batch(7)),
        (ValueError, "cannot be mapped in one call", lambda: aligner.map_batch([read, (read, read)])),
        (ValueError, "cannot be mapped in one call", lambda: aligner.map_batch([(read, read), read])),
        (ValueError, "a pair has two reads", lambda: aligner.map_batch([(read, read, read)])),
        (ValueError, "a pair has two reads", lambda: aligner.map_batch([(read, read), ()])),
        (UnicodeEncodeError, "ascii", lambda: aligner.map("ACGT\u00e4")),
        (ValueError, "null", lambda: aligner.map("AC\0GT")),
        (ValueError, "null", lambda: aligner.map_batch([b"AC\0GT"])),
        (ZeroDivisionError, "", lambda: aligner.map_batch(1 // 0 for _ in "a")),
    ):
        with pytest.raises(error, match=says or None):
            call()
        assert len(list(aligner.map(read))) == 1  # nothing is left locked


def in_child(work):
    """Exit status of work() in a forked process."""
    child = os.fork()
    if not child:
        status = 99
        try:
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_fork(index, contigs, pairs):
    reads = [contigs["chr1"][50:200], reverse(contigs["chr1"][70:220])]
    one, two = anneal.Aligner(index), anneal.Aligner(index, n_threads=2)
    want = brief(two.map_batch(reads))

    def several():
        for call in (lambda: two.map_batch(reads), lambda: anneal.Aligner(index, n_threads=2)):
            try:
                call()
            except RuntimeError as e:
                if "n_threads=1" in str(e):
                    continue
            return 1
        return 0

    assert in_child(lambda: int(brief(one.map_batch(reads)) != want)) == 0
    assert in_child(several) == 0
    assert brief(two.map_batch(reads)) == want
