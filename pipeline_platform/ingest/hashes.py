"""A growing set of 64-bit hashes, kept as sorted runs and asked in bulk."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]


class HashSet:
    """Sorted runs that double in size, as in a log-structured merge tree; 8 bytes a member."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, hashes: Hashes) -> Places:
        """Add all; the places of those that were there, or stand earlier in `hashes`."""
        order = np.argsort(hashes)
        ordered = hashes[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        repeated = len(starts) < len(ordered)
        firsts = np.minimum.reduceat(order, starts) if repeated else order
        distinct = ordered[starts] if repeated else ordered
        seen = self._holds(distinct)
        self._keep(distinct[~seen] if seen.any() else distinct)
        known = firsts[seen]
        if not repeated:
            return known
        return np.concatenate((known, np.setdiff1d(order, firsts, assume_unique=True)))

    def _holds(self, ordered: Hashes) -> npt.NDArray[np.bool_]:
        """For each of some ordered hashes, whether a run has it."""
        seen = np.zeros(len(ordered), np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, ordered)
            places[places == len(run)] = 0
            seen |= run[places] == ordered
        return seen

    def _keep(self, run: Hashes) -> None:
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.concatenate((self._runs.pop(), run))
            run.sort()
        if len(run):
            self._runs.append(run)
