"""A growing set of 64-bit hashes in one array, filled and asked in bulk."""

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_LOAD = 0.6
_GROWTH = 2.0
_SHIFT = np.uint64(32)


class HashSet:
    """Open addressing with linear probing; 13 to 27 bytes a member; 0 is kept as 1."""

    def __init__(self, capacity: int = 1 << 16) -> None:
        self._slots: Hashes = np.zeros(int(capacity / _LOAD), np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Add all; for each whether it was there before. `hashes` must be distinct."""
        self._reserve(len(hashes))
        seen = self._insert(np.maximum(hashes, np.uint64(1)))
        self._count += int(len(hashes) - seen.sum())
        return seen

    def _reserve(self, more: int) -> None:
        needed = int((self._count + more) / _LOAD) + 1
        if needed <= len(self._slots):
            return
        members = self._slots[self._slots != 0]
        self._slots = np.zeros(max(needed, int(len(self._slots) * _GROWTH)), np.uint64)
        for start in range(0, len(members), 1 << 18):
            self._insert(members[start : start + (1 << 18)])

    def _insert(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Probe all at once; each round settles those that hit, or won an empty slot."""
        slots, size = self._slots, np.uint64(len(self._slots))
        place = ((hashes >> _SHIFT) * size >> _SHIFT).astype(np.int64)
        todo = np.arange(len(hashes))
        seen = np.zeros(len(hashes), np.bool_)
        while len(todo):
            found = slots[place]
            hit = found == hashes
            seen[todo[hit]] = True
            empty = found == 0
            slots[place[empty]] = hashes[empty]
            settled = hit | (empty & (slots[place] == hashes))
            left = ~settled
            todo, hashes, place = todo[left], hashes[left], place[left] + 1
            place[place == len(slots)] = 0
        return seen
