"""The order in which tables computed from others feed each other."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import DeclarationError, UnknownName


class Derived(Protocol):
    """A table computed from others, before it is checked against them."""

    @property
    def table(self) -> TableName:
        """Its name."""
        ...

    @property
    def where(self) -> str:
        """File and line that declare it."""
        ...

    def reads(self) -> dict[str, str]:
        """Tables read, with the first place that names each."""
        ...


S = TypeVar("S", bound=Derived)


def in_order(sources: Iterable[S], known: Iterable[str]) -> list[S]:
    """Sources, each after those that it reads.

    UnknownName for a table that nobody declares, DeclarationError for a circle.
    """
    waiting = {str(source.table): source for source in sources}
    names = {*known, *waiting}
    reads = {name: source.reads() for name, source in waiting.items()}
    for tables in reads.values():
        for table, where in tables.items():
            if table not in names:
                raise UnknownName("table", table, names, where=where)
    ordered: list[S] = []
    while waiting:
        ready = [n for n in sorted(waiting) if not any(t in waiting for t in reads[n])]
        if not ready:
            raise _circle(waiting, reads)
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def _circle(waiting: Mapping[str, Derived], reads: Mapping[str, dict[str, str]]) -> Exception:
    walk = [min(waiting)]
    while walk[-1] not in walk[:-1]:
        walk.append(next(t for t in sorted(reads[walk[-1]]) if t in waiting))
    circle = walk[walk.index(walk[-1]) :]
    return DeclarationError(
        f"{circle[0]} is computed from itself",
        where=reads[circle[0]][circle[1]],
        known=" reads ".join(circle),
        remedy="break the circle: let one of them read a table above both",
    )
