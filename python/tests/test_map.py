"""Hits say what the records of `anneal align` say, by mappy's names and rules."""
import re

import pytest

import anneal
from conftest import program, reverse

QUERY, CONTIG = "MI=X", "MDN=X"


def records(*args):
    for line in program("align", "-v", 1, "--device", "cpu", "-Y", "--cs", *args).splitlines():
        if line[0] == "@":
            continue
        f = line.split("\t")
        yield f[:11], {t[:2]: t[5:] for t in f[11:]}


def expected(record, reads, contigs):
    """A hit as a dict, from a record of SAM, the read as it was given, and the genome."""
    f, tags = record
    flag, pos = int(f[1]), int(f[3]) - 1
    seq = reads[bool(flag & 0x80)].upper()
    ops = [(int(n), op) for n, op in re.findall(r"(\d+)([MIDNSHP=X])", f[5])]
    clips = [ops[0][0] if ops[0][1] == "S" else 0, ops[-1][0] if ops[-1][1] == "S" else 0]
    oriented, back = (reverse(seq), 1) if flag & 16 else (seq, 0)
    q, r, blen, mlen, ambiguous = 0, pos, 0, 0, 0
    for n, op in ops:
        if op == "S":
            q += n
            continue
        a = oriented[q:q + n] if op in QUERY else "A" * n
        b = contigs[f[2]][r:r + n] if op in CONTIG else "A" * n
        sure = sum(x in "ACGT" and y in "ACGT" for x, y in zip(a, b))
        ambiguous += n - sure
        blen += sure
        mlen += sum(x == y and x in "ACGT" for x, y in zip(a, b)) if op in "M=X" else 0
        q += n if op in QUERY else 0
        r += n if op in CONTIG else 0
    assert int(tags["NM"]) == blen - mlen + ambiguous
    return dict(ctg=f[2], ctg_len=len(contigs[f[2]]), r_st=pos, r_en=r, q_st=clips[back], q_en=len(seq) - clips[not back],
                strand=-1 if back else 1, mapq=int(f[4]), cigar=[[n, "MIDNSHP=X".index(op)] for n, op in ops if op != "S"],
                cigar_str="".join(f"{n}{op}" for n, op in ops if op != "S"), NM=int(tags["NM"]), MD=tags["MD"], cs=tags["cs"], blen=blen,
                mlen=mlen, is_primary=not flag & 0x100, read_num=2 if flag & 0x80 else 1, AS=int(tags["AS"]), XS=int(tags.get("XS", 0)),
                flag=flag, tlen=int(f[8]))


def as_dict(hit):
    return {name: getattr(hit, name) for name in dir(hit) if name[0] != "_"}


def wanted(reads, contigs, tmp_path, index, *options):
    """What the program says of reads or pairs: a list of dicts for each."""
    paired = not isinstance(reads[0], str)
    files = []
    for m in range(1 + paired):
        files.append(tmp_path / f"{m}.fa")
        files[-1].write_text("".join(f">{i}\n{r[m] if paired else r}\n" for i, r in enumerate(reads)))
    want = [[] for _ in reads]
    for record in records(*options, index, *files):
        i = int(record[0][0])
        if record[0][5] != "*":
            want[i].append(expected(record, reads[i] if paired else [reads[i]], contigs))
    return want


def told(batches):
    return [[as_dict(h) for h in hits] for hits in batches]


@pytest.mark.parametrize("options, flags", [({}, ()), ({"all": True}, ("-a",)), ({"preset": "hifi", "min_score": 20}, ("-x", "hifi", "-T", 20)),
                                            ({"eqx": True, "split_secondary": True}, ("--eqx", "-M")), ({"n_threads": 3}, ()),
                                            ({"gap_open": (5, 6), "clip_penalty": [1, 2], "all": False, "mismatch": None}, ("-O", "5,6", "-L", "1,2"))])
def test_reads(index, contigs, odd, pairs, tmp_path, options, flags):
    reads = odd + [r for r, _ in pairs[:100]]
    want = wanted(reads, contigs, tmp_path, index, *flags)
    assert sum(map(len, want)) > len(odd) // 2 and [] in want
    a = anneal.Aligner(index, **options)
    assert told(a.map_batch(reads, cs=True, MD=True)) == want
    assert told(a.map(r, cs=True, MD=True) for r in reads) == want
    assert told(a.map_batch((r.encode() for r in reads), cs=True, MD=True)) == want


def test_pairs(index, contigs, pairs, tmp_path):
    want = wanted(pairs, contigs, tmp_path, index)
    assert sum(h["flag"] & 2 for hits in want for h in hits) > len(pairs)
    for threads in 1, 2:
        assert told(anneal.Aligner(index, n_threads=threads).map_batch(pairs, True, True)) == want
    want = wanted(pairs, contigs, tmp_path, index, "-I", "400,50")
    a = anneal.Aligner(index, insert_size="400,50")
    assert told(a.map_batch([list(p) for p in pairs], cs=True, MD=True)) == want
    assert told(a.map(*p, cs=True, MD=True) for p in pairs) == want


def test_tags_only_when_asked(aligner, contigs):
    read = contigs["chr1"][100:250]
    for cs in False, True:
        for md in False, True:
            (hit,) = aligner.map(read, cs=cs, MD=md)
            assert (hit.cs, hit.MD) == (":150" if cs else "", "150" if md else "")
            assert str(hit) == "\t".join(["0\t150\t+\tchr1", str(len(contigs["chr1"])), "100\t250\t150\t150\t60\ttp:A:P\tNM:i:0\tcg:Z:150M"] +
                                         ["cs:Z::150"] * cs + ["MD:Z:150"] * md)
    assert repr(hit) == "<anneal.Hit chr1:100-250 + 150M mapq 60>"


def test_map_is_an_iterator(aligner, contigs):
    hits = aligner.map(contigs["chr1"][100:250])
    assert next(hits).r_st == 100
    assert next(hits, None) is None
    assert aligner.map_batch([]) == []


def test_hits_outlive_their_aligner(index, contigs):
    a = anneal.Aligner(index)
    (hit,) = a.map(contigs["chr1"][100:220] + "A" * 30, cs=True)
    before = as_dict(hit)
    list(a.map(contigs["chr2"][300:450]))
    a.close()
    del a
    assert as_dict(hit) == before and hit.ctg == "chr1"


def test_hits_are_read_only(aligner, contigs):
    (hit,) = aligner.map(contigs["chr1"][100:250])
    for name in as_dict(hit):
        with pytest.raises((AttributeError, TypeError)):
            setattr(hit, name, 1)
    with pytest.raises(TypeError, match="made by Aligner.map"):
        anneal.Hit()
