"""Building an index, and the reference that it holds."""
import os

import pytest

import anneal
from conftest import PROGRAM, program


def test_build_gives_the_bytes_of_the_program(fasta, index, tmp_path):
    program("index", "-o", tmp_path / "own.anl", fasta)
    assert (tmp_path / "own.anl").read_bytes() == index.read_bytes()
    anneal.build(fasta, str(tmp_path / "other.anl"), 2, window=150, stride=60, unique_k=18, device="cpu")
    program("index", "-o", tmp_path / "own.anl", "--window", 150, "--stride", 60, "--unique-k", 18, fasta)
    assert (tmp_path / "own.anl").read_bytes() == (tmp_path / "other.anl").read_bytes()
    assert anneal.Aligner(os.fsencode(tmp_path / "other.anl")).window == 150


def test_build_refuses(fasta, tmp_path):
    bad = tmp_path / "bad.fa"
    bad.write_text("no FASTA\n")
    mine = tmp_path / "mine.fa"
    mine.write_text(">a\n" + "ACGGT" * 50 + "\n")
    out = tmp_path / "x.anl"
    for error, says, call in (
        (OSError, "No such file", lambda: anneal.build(tmp_path / "none.fa", out)),
        (OSError, "x.anl", lambda: anneal.build(mine, tmp_path / "none" / "x.anl")),
        (anneal.FormatError, "bad.fa", lambda: anneal.build(bad, out)),
        (ValueError, "is an input and would be written over", lambda: anneal.build(mine, mine)),
        (ValueError, "window 19: must be", lambda: anneal.build(mine, out, window=19)),
        (ValueError, "stride 200: must be", lambda: anneal.build(mine, out, stride=200)),
        (ValueError, "threads 0: must be", lambda: anneal.build(mine, out, 0)),
        (ValueError, "device tpu: must be", lambda: anneal.build(mine, out, device="tpu")),
        (OSError, "none.anm", lambda: anneal.build(mine, out, model="none.anm")),
        (TypeError, "", lambda: anneal.build(mine)),
        (TypeError, "", lambda: anneal.build(mine, 3)),
        (ValueError, "null", lambda: anneal.build("a\0b", out)),
    ):
        with pytest.raises(error, match=says or None) as raised:
            call()
        assert "\n" not in str(raised.value)
    assert sorted(os.listdir(tmp_path)) == ["bad.fa", "mine.fa"] and mine.read_text().startswith(">a\nACGGT")


def test_sequence(aligner, contigs):
    assert aligner.seq_names == list(contigs) and aligner.n_seq == len(contigs)
    for name, seq in contigs.items():
        assert aligner.seq(name) == seq
        for start, end in ((0, 1), (3, 4), (1, 500), (len(seq) - 3, len(seq) + 100)):
            assert aligner.seq(name, start, end) == seq[start:end]
    for name, start, end in (("none", 0, 9), ("chr1", 9, 9), ("chr1", 9, 3), ("chr1", 1 << 40, 1 << 41), ("chr1", -3, 9)):
        assert aligner.seq(name, start, end) is None
    assert aligner.seq("chr1", end=5) == contigs["chr1"][:5]


def test_alt_contigs(tmp_path, contigs):
    fasta, names = tmp_path / "a.fa", tmp_path / "a.alt"
    copy = contigs["chr1"][5000:9000]
    copy = copy[:2000] + "T" + copy[2001:] if copy[2000] != "T" else copy[:2000] + "A" + copy[2001:]
    fasta.write_text(f">chr1\n{contigs['chr1'][:20000]}\n>chr1_alt\n{copy}\n")
    names.write_text("chr1_alt\t0\tchr1\nelsewhere\n")
    anneal.build(fasta, tmp_path / "a.anl", alt=names)
    a, plain = anneal.Aligner(tmp_path / "a.anl"), anneal.Aligner(tmp_path / "a.anl", ignore_alt=True)
    assert a.seq_names == ["chr1", "chr1_alt"] and a.alt_names == ["chr1_alt"] and plain.alt_names == []
    read = copy[500:650]  # the same on both
    hit, *others = a.map(read)
    assert (hit.ctg, hit.mapq, others) == ("chr1", 60, []) and next(iter(plain.map(read))).mapq == 0
    primary, alt = a.map(copy[1900:2050])  # better on the ALT contig
    assert (primary.ctg, primary.NM, primary.mapq, alt.ctg, alt.NM) == ("chr1", 1, 60, "chr1_alt", 0)
    with pytest.raises(OSError, match="none.alt"):
        anneal.build(fasta, tmp_path / "b.anl", alt=tmp_path / "none.alt")
    with pytest.raises(ValueError, match="would be written over"):
        anneal.build(fasta, names, alt=names)


def test_sequence_has_the_letters_of_the_reference(tmp_path):
    letters = "ACGTTGCAAC" * 3 + "NNRYKMSWBDHVnu" + "GGATTACAGT" * 6 + "R"
    (tmp_path / "a.fa").write_text(f">a x\n{letters}\n>b\nACGTNACGTACGTNNACGTACGTAGGT\n")
    anneal.build(tmp_path / "a.fa", tmp_path / "a.anl")
    a = anneal.Aligner(tmp_path / "a.anl")
    want = letters.upper().replace("U", "T")
    assert a.seq("a") == want and a.seq("b") == "ACGTNACGTACGTNNACGTACGTAGGT"
    assert all(a.seq("a", i, j) == want[i:j] for i in range(len(want)) for j in range(i + 1, len(want) + 1))


def test_open_refuses(index, fasta, tmp_path):
    cut = tmp_path / "cut.anl"
    cut.write_bytes(index.read_bytes()[:-100])
    for error, says, call in (
        (OSError, "none.anl", lambda: anneal.Aligner("none.anl")),
        (anneal.FormatError, "cut.anl", lambda: anneal.Aligner(cut)),
        (ValueError, "genome.fa.gz", lambda: anneal.Aligner(fasta)),
        (ValueError, "preset fast: must be sr, hifi", lambda: anneal.Aligner(index, "fast")),
        (ValueError, "there is no option 'min-skore'; did you mean 'min-score'", lambda: anneal.Aligner(index, min_skore=3)),
        (ValueError, "all takes no value", lambda: anneal.Aligner(index, all=3)),
        (ValueError, "match needs a value", lambda: anneal.Aligner(index, match=True)),
        (ValueError, "threads 0: must be", lambda: anneal.Aligner(index, n_threads=0)),
        (ValueError, "threads 99999: must be", lambda: anneal.Aligner(index, n_threads=99999)),
        (OSError, "none.anm", lambda: anneal.Aligner(index, model="none.anm")),
        (ValueError, "", lambda: anneal.Aligner(index, model=index)),
        (TypeError, "", lambda: anneal.Aligner()),
        (TypeError, "", lambda: anneal.Aligner(7)),
    ):
        with pytest.raises(error, match=says or None) as raised:
            call()
        assert "\n" not in str(raised.value)


def test_model(index, monkeypatch):
    monkeypatch.setenv("ANNEAL_MODEL", "nowhere.anm")
    with pytest.raises(OSError, match="nowhere.anm"):
        anneal.Aligner(index)
    shipped = os.path.join(os.path.dirname(anneal.__file__), "anneal-d128.anm")
    assert anneal.Aligner(index, model=shipped).dim == 128


def test_version():
    assert anneal.__version__ == program("--version").split()[-1] and os.path.exists(PROGRAM)
