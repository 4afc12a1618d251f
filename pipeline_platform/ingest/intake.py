"""Objects that were seen and are not planned yet, and which of them go next."""

from collections import deque
from collections.abc import Iterable
from threading import Lock

from pipeline_platform.contracts.epochs import ObjectRef


class Intake:
    """Fair: while more waits than an epoch holds, a slice of the backlog and what came
    since take turns, so that neither waits for the other.

    `known` are the objects of all plans, by key. Safe to use from several threads.
    """

    def __init__(self, known: dict[str, ObjectRef]) -> None:
        self._known = known
        self._fresh: dict[str, ObjectRef] = {}
        self._backlog: deque[ObjectRef] = deque()
        self._behind: dict[str, ObjectRef] = {}
        self._taken: dict[str, ObjectRef] = {}
        self._changed: dict[str, ObjectRef] = {}
        self._backlog_next = True
        self._bytes = 0
        self._lock = Lock()

    def see(self, refs: Iterable[ObjectRef]) -> int:
        """Take note of objects; how many of them were not known."""
        before = len(self)
        with self._lock:
            for ref in refs:
                known = self._known.get(ref.key)
                if known is not None:
                    if known != ref:
                        self._changed[ref.key] = ref
                elif self._behind.get(ref.key) != ref:
                    self._forget(ref.key)
                    self._fresh[ref.key] = ref
                    self._bytes += ref.size
        return len(self) - before

    def take(self, most_bytes: int, most_objects: int) -> tuple[ObjectRef, ...]:
        """The next epoch's objects, known from now on; () when nothing waits.

        They hold at most `most_bytes` in sum, or are a single object.
        """
        with self._lock:
            if self._bytes <= most_bytes and len(self) <= most_objects:
                taken = [*self._behind.values(), *self._fresh.values()]
                self._backlog.clear()
            elif self._behind and (self._backlog_next or not self._fresh):
                taken = self._slice(most_bytes, most_objects)
                self._backlog_next = False
            else:
                self._put_behind(most_bytes, most_objects)
                taken = list(self._fresh.values())
                self._backlog_next = True
            for ref in taken:
                self._forget(ref.key)
                self._known[ref.key] = self._taken[ref.key] = ref
        return tuple(taken)

    def give_back(self) -> None:
        """Objects that were taken and not planned wait again, first in the backlog."""
        with self._lock:
            again, self._taken = self._taken, {}
            for ref in again.values():
                del self._known[ref.key]
                self._bytes += ref.size
            self._behind = again | self._behind
            self._backlog.extendleft(reversed(again.values()))

    def planned(self, refs: Iterable[ObjectRef]) -> None:
        """Objects that an epoch holds, whoever planned it."""
        with self._lock:
            for ref in refs:
                self._forget(ref.key)
                self._taken.pop(ref.key, None)
                self._known[ref.key] = ref

    def changed(self) -> tuple[ObjectRef, ...]:
        """Known objects that were seen with another identity since the last call."""
        with self._lock:
            found, self._changed = self._changed, {}
        return tuple(sorted(found.values()))

    def __len__(self) -> int:
        return len(self._fresh) + len(self._behind)

    @property
    def bytes(self) -> int:
        """Stored bytes of the objects that wait."""
        return self._bytes

    def _slice(self, most_bytes: int, most_objects: int) -> list[ObjectRef]:
        """The oldest of the backlog."""
        taken: list[ObjectRef] = []
        size = 0
        while self._backlog and len(taken) < most_objects:
            ref = self._backlog[0]
            if self._behind.get(ref.key) is not ref:
                self._backlog.popleft()
                continue
            if taken and size + ref.size > most_bytes:
                break
            taken.append(self._backlog.popleft())
            size += ref.size
        return taken

    def _put_behind(self, most_bytes: int, most_objects: int) -> None:
        """Keep as fresh what one epoch holds, small and late objects first."""
        late = list(self._fresh.values())
        order = sorted(range(len(late)), key=lambda place: (late[place].size, -place))
        kept, size = set[int](), 0
        for place in order:
            if kept and (size + late[place].size > most_bytes or len(kept) == most_objects):
                break
            kept.add(place)
            size += late[place].size
        for place, ref in enumerate(late):
            if place not in kept:
                del self._fresh[ref.key]
                self._behind[ref.key] = ref
                self._backlog.append(ref)

    def _forget(self, key: str) -> None:
        ref = self._fresh.pop(key, None) or self._behind.pop(key, None)
        if ref is not None:
            self._bytes -= ref.size
