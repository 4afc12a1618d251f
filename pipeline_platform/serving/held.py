"""A view's answer in memory: rows by key, and the few that changed since."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_platform.serving.asked import Asked, single
from pipeline_platform.serving.search import at, found, ordered, searchable

if TYPE_CHECKING:
    import polars as pl

MOST_CHANGED = 20_000
_WIDE = 50_000  # rows found beyond which the changes are laid over the whole once


class HeldRows:
    """All rows of one version; immutable, and shares what did not change with the next.

    `keys` are the columns that rows are found by; `patched` needs them to be complete.
    """

    def __init__(
        self,
        base: "pl.DataFrame",
        keys: Sequence[str],
        changed: "pl.DataFrame | None" = None,
        instead: "pl.DataFrame | None" = None,
    ) -> None:
        self.keys = tuple(keys)
        self._base = base
        self._changed = changed if changed is not None else base.select(self.keys).clear()
        self._instead = instead if instead is not None else base.clear()
        self._exact = searchable(base, self.keys)

    @classmethod
    def of(cls, frame: "pl.DataFrame", keys: Sequence[str], *, complete: bool = True) -> "HeldRows":
        """The rows of `frame`, in any order; only `complete` keys tell rows apart."""
        return cls(ordered(frame, keys, complete=complete), keys)

    @property
    def bytes(self) -> int:
        """The memory that the rows take, about."""
        frames = [self._base, self._changed, self._instead]
        if len(self._changed) and "whole" in self.__dict__:
            frames.append(self.whole)
        return int(sum(frame.estimated_size() for frame in frames))

    @cached_property
    def whole(self) -> "pl.DataFrame":
        """All rows, by key."""
        return self._laid_over(self._base, self._instead)

    def patched(self, changed: "pl.DataFrame", instead: "pl.DataFrame") -> "HeldRows":
        """The next version: rows whose keys are in `changed` are those of `instead` now."""
        import polars as pl

        changed = changed.select(self.keys).cast(self._changed.schema)
        instead = instead.select(self._base.columns).cast(self._base.schema)

        keys = pl.concat([self._changed, changed]).unique()
        rows = pl.concat([self._without(self._instead, changed), instead])
        next_ = HeldRows(self._base, self.keys, ordered(keys, self.keys), ordered(rows, self.keys))
        if len(keys) <= max(MOST_CHANGED, len(self._base) // 20):
            return next_
        return HeldRows(next_.whole, self.keys)

    def rows(self, asked: Asked, offset: int, most: int) -> "pl.DataFrame":
        """At most `most` of the asked rows from `offset` on, by key."""
        return self._asked(asked).slice(offset, most)

    def _asked(self, asked: Asked) -> "pl.DataFrame":
        if self._exact and (values := single(asked, self.keys)):
            changed = len(at(self._changed, values)) > 0
            return at(self._instead if changed else self._base, values)
        if "whole" not in self.__dict__:
            rows = found(self._base, self.keys, asked)
            if len(rows) <= _WIDE:
                return self._laid_over(rows, found(self._instead, self.keys, asked))
        return found(self.whole, self.keys, asked)

    def _laid_over(self, rows: "pl.DataFrame", instead: "pl.DataFrame") -> "pl.DataFrame":
        if not len(self._changed):
            return rows
        import polars as pl

        return ordered(pl.concat([self._without(rows, self._changed), instead]), self.keys)

    def _without(self, rows: "pl.DataFrame", keys: "pl.DataFrame") -> "pl.DataFrame":
        return rows.join(keys, on=list(self.keys), how="anti", nulls_equal=True)
