"""anneal: aligns sequencing reads to a reference genome by Embed, Search, Align.

    import anneal
    anneal.build("ref.fa.gz", "ref.anl", n_threads=4)
    a = anneal.Aligner("ref.anl", n_threads=4)
    for hit in a.map("ACGT..."):
        print(hit.ctg, hit.r_st, hit.r_en, hit.strand, hit.cigar_str)
    vectors = a.embed(["ACGT...", "TTGA..."])          # numpy int8 [2, a.dim]
    distances, positions = a.search(vectors, k=5)

Names are those of mappy, the Python package of minimap2. Errors are exceptions with one line that says what is wrong: ValueError (an argument),
FormatError (a ValueError: a file is malformed, corrupt or of another version), OSError, MemoryError, TypeError.
"""
import os as _os
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as _np

from ._core import FormatError, Hit, Session as _Session, __version__, build as _build

__all__ = ["Aligner", "FormatError", "Hit", "build", "__version__"]

Letters = Union[str, bytes]
Path = Union[str, bytes, "_os.PathLike[str]", "_os.PathLike[bytes]"]

_NEIGHBOUR = _np.dtype([("pos", _np.int64), ("contig", _np.int32), ("distance", _np.int32)])
_POSITION = _np.dtype([("contig", _np.int32), ("pos", _np.int64)])


def _settings(options: Dict[str, Any]) -> List[Tuple[bytes, Optional[bytes]]]:
    """Options of the command line as libanneal takes them; None and False: not given, True: takes no value."""
    if not options.get("model"):
        given = _os.environ.get("ANNEAL_MODEL")
        options["model"] = given or _os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "anneal-d128.anm")
    settings = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        if value is True:
            text = None
        elif isinstance(value, (list, tuple)):
            text = ",".join(map(str, value)).encode()
        else:
            text = _os.fsencode(value) if isinstance(value, (bytes, _os.PathLike)) else str(value).encode("utf-8", "surrogateescape")
        settings.append((name.replace("_", "-").encode(), text))
    return settings


def build(fasta: Path, out: Path, n_threads: int = 1, *, window: Optional[int] = None, stride: Optional[int] = None,
          unique_k: Optional[int] = None, model: Optional[Path] = None, device: Optional[str] = None, alt: Optional[Path] = None) -> None:
    """Builds the index of a FASTA file (plain, gzip or bgzip) as `anneal index` does, byte for byte, whatever the number of threads.

    window: bp of reference that are embedded as one vector, 20 to 400 (176); stride: bp between windows (48, from 1 Gbp on 56); unique_k: letters of the
    k-mers of the uniqueness map, 14 to 31 (by the size of the reference); model: the encoder's file (the one in the package, or
    $ANNEAL_MODEL); device: "cpu", "cuda" or "auto"; alt: a file that names the ALT contigs. The index appears at `out` when it is complete; after an error nothing is left there.
    The GIL is released meanwhile.
    """
    _build(fasta, out, _settings(dict(threads=n_threads, window=window, stride=stride, unique_k=unique_k, model=model, device=device,
                                  alt=alt)))


class Aligner:
    """An open index: maps reads, embeds and searches sequences, and tells the reference's bases.

    Several threads may use one Aligner, but their calls take turns: it is map_batch, embed and search that work in n_threads threads. All results
    are the same for any number of them. The index file must not be written over in place while it is open.
    """

    __slots__ = ("_session", "_numbers")

    def __init__(self, index: Path, preset: Optional[str] = None, n_threads: int = 1, **options: Any) -> None:
        """Opens an index that `anneal index` or anneal.build made.

        preset: scores of reads over 400 bp: "sr", "hifi" or "ont" (also minimap2's "map-hifi", "map-ont", "map-pb"). options: every other
        option of `anneal align` that changes alignments, by its long name with _ for -: min_score=20, insert_size=(400, 50), all=True,
        eqx=True, device="cuda", model="other.anm", ...
        """
        self._session = _Session(index, _settings({"preset": preset, "threads": n_threads, **options}))
        self._numbers = {name: i for i, name in enumerate(self._session.names)}

    def map(self, seq: Letters, seq2: Optional[Letters] = None, cs: bool = False, MD: bool = False) -> Iterator[Hit]:
        """Aligns a read, or with seq2 a pair as it comes from the two FASTQ files, and gives its hits: those of seq before those of seq2, the best
        first; none for a read that found no place. cs and MD ask for these tags of the hits.

        The insert sizes of pairs are those of the option insert_size; without it those that the last map_batch of many pairs showed; before one
        there are none, and mates are placed each on its own.
        """
        return iter(self._session.map(seq, seq2, cs, MD))

    def map_batch(self, reads: Iterable[Union[Letters, Tuple[Letters, Letters]]], cs: bool = False, MD: bool = False) -> List[List[Hit]]:
        """Aligns many reads, or many pairs (tuples), in all threads and gives a list of hits for each, in the order of the reads. The GIL is released
        meanwhile. Insert sizes are estimated from the pairs of the batch unless insert_size is given: the hits are those of
        `anneal align` of a file with these pairs. Memory grows with the batch; 10 million bp at a time is what `anneal align` takes.
        """
        return self._session.map_batch(reads, cs, MD)

    def seq(self, name: str, start: int = 0, end: int = 0x7FFFFFFFFFFFFFFF) -> Optional[str]:
        """Bases [start, end) of a contig as the FASTA had them, in upper case; `end` may lie behind the contig's. As in mappy None when there is no
        such contig or nothing between start and end."""
        number = self._numbers.get(name)
        if number is None:
            return None
        end = min(end, self._session.length(number))
        return self._session.fetch(number, start, end) if 0 <= start < end else None

    @property
    def seq_names(self) -> List[str]:
        """Names of the contigs, in the order of the FASTA."""
        return list(self._session.names)

    @property
    def alt_names(self) -> List[str]:
        """Those of them that are ALT contigs, as the index was built with `alt`; none with ignore_alt=True."""
        return [name for number, name in enumerate(self._session.names) if self._session.is_alt(number)]

    @property
    def n_seq(self) -> int:
        """Number of contigs."""
        return len(self._session.names)

    @property
    def n_threads(self) -> int:
        """Threads that map_batch, embed and search work in."""
        return self._session.threads

    @property
    def dim(self) -> int:
        """Elements of a vector."""
        return self._session.dim

    @property
    def window(self) -> int:
        """bp of the reference's windows, which search finds."""
        return self._session.window

    def embed(self, seqs: Iterable[Letters]) -> "_np.ndarray[Any, _np.dtype[_np.int8]]":
        """Vectors of sequences of 20 to 400 bp: int8 [n, dim], those that the index holds of such windows.

        A sequence and its reverse complement have the same vector. Their lengths are about equal, so that the dot product, the cosine and the
        squared distance order them alike. A sequence without six of A, C, G, T in a row has zeros. Convert before you calculate:
        vectors.astype("float32"), for int8 overflows.
        """
        return _np.frombuffer(self._session.embed(seqs), dtype=_np.int8).reshape(-1, self.dim)

    def search(self, vectors: Any, k: int = 10, nprobe: int = 0) -> Tuple["_np.ndarray[Any, _np.dtype[_np.int32]]", "_np.ndarray[Any, Any]"]:
        """The k (1 to 2048) windows of the reference nearest to each of the vectors, int8 [n, dim] or [dim], nearest first.

        Returns squared Euclidean distances, int32 [n, k], and positions, a structured array [n, k] of "contig" (number of the name in
        seq_names) and "pos" (first base of the window, 0-based). Windows with a cosine under 1/4 are not told; what is missing of k has
        contig and pos -1 and the largest distance. nprobe: in how many inverted lists to look, the nearest to the vector; all of them make the
        answer exact; 0: the usual number, and more where the nearest found is not near.
        """
        given = _np.asarray(vectors)
        if given.dtype != _np.int8:
            raise TypeError(f"vectors must be int8, as embed gives them, not {given.dtype}")
        if given.ndim not in (1, 2) or given.shape[-1] != self.dim:
            raise ValueError(f"vectors must have the shape [n, {self.dim}], not {list(given.shape)}")
        found = _np.frombuffer(self._session.search(given.tobytes(), k, nprobe), dtype=_NEIGHBOUR).reshape(-1, k)
        positions = _np.empty(found.shape, dtype=_POSITION)
        positions["contig"], positions["pos"] = found["contig"], found["pos"]
        return _np.ascontiguousarray(found["distance"]), positions

    def close(self) -> None:
        """Closes the index and frees its memory; also done by `with` and when the last reference is gone."""
        self._session.close()

    def __enter__(self) -> "Aligner":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
