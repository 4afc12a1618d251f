"""A growing set of 64-bit hashes, kept as sorted runs and asked in bulk."""

import tempfile

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]


MAPPED = 1 << 20  # members from which on a run rests in a file
LARGEST = 1 << 24  # members up to which runs are merged: what sorting them takes is bounded
_FIRST = np.ones(1, np.bool_)
_HIGH = np.uint64(48)


class HashSet:
    """Sorted runs that double in size, as in a log-structured merge tree; 8 bytes a member.

    Large runs lie in nameless files of the system's temporary folder, so that they take
    memory only as far as there is some to spare.
    """

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, hashes: Hashes) -> Places:
        """Add all; the places of those that were there, or stand earlier in `hashes`."""
        ordered = np.sort(hashes)
        new = np.concatenate((_FIRST, ordered[1:] != ordered[:-1]))[: len(ordered)]
        distinct = ordered if new.all() else ordered[new]
        seen = self._holds(distinct)
        self._keep(distinct[~seen] if seen.any() else distinct)
        repeated = np.unique(ordered[~new])
        known = _among(hashes, distinct[seen])
        if not len(repeated):
            return known
        again = _among(hashes, repeated)
        _, firsts = np.unique(hashes[again], return_index=True)
        return np.union1d(known, np.delete(again, firsts))

    def _holds(self, ordered: Hashes) -> npt.NDArray[np.bool_]:
        """For each of some ordered hashes, whether a run has it."""
        seen = np.zeros(len(ordered), np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, ordered)
            places[places == len(run)] = 0
            seen |= run[places] == ordered
        return seen

    def _keep(self, run: Hashes) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) <= min(2 * len(run), LARGEST - len(run)):
            run = np.concatenate((self._runs.pop(), run))
            run.sort()
        self._runs.append(run if len(run) < MAPPED else _mapped(run))


def _mapped(run: Hashes) -> Hashes:
    """The same run, read from a file that goes when nobody reads it."""
    with tempfile.TemporaryFile() as file:
        run.tofile(file)
        file.flush()
        return np.memmap(file, np.uint64, "r")


def _among(hashes: Hashes, few: Hashes) -> Places:
    """The places of the hashes that the ordered `few` hold."""
    if not len(few):
        return np.zeros(0, np.intp)
    marked = np.zeros(1 << 16, np.bool_)
    marked[few >> _HIGH] = True
    places = np.flatnonzero(marked[hashes >> _HIGH])
    found = hashes[places]
    held: npt.NDArray[np.bool_] = (
        few[np.minimum(np.searchsorted(few, found), len(few) - 1)] == found
    )
    return places[held]
