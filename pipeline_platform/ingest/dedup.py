"""Duplicates: decided once per (event id, day), against all earlier accepted rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipeline_platform.contracts.names import DAY, POSITION, ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.ingest.hashes import HashSet, Places
from pipeline_platform.lake.generations import generation_of
from pipeline_platform.lake.snapshot import Snapshot

_REMEMBERED = 100_000_000  # hashes of all scopes together
_AT_ONCE = 2_000_000  # rows read to learn their hashes
_SEED = 20130101


@dataclass(frozen=True)
class Resolved:
    """Suspects after a look at the rows they resemble.

    `fresh` rows are accepted after all (another id with the same hash); `duplicates` and
    `conflicts` hold `_position` and `_row`.
    """

    fresh: pl.DataFrame
    duplicates: pl.DataFrame
    conflicts: pl.DataFrame


class Deduplicator:
    """Finds rows whose (event id, day) was seen, by hash; suspects are confirmed by value.

    Seen are the accepted rows of every epoch before the present one, read day by day when
    first needed, and the rows already passed in. After a failure, take a new one: what an
    uncommitted epoch taught must be forgotten.
    """

    def __init__(self, contract: StreamContract) -> None:
        self._by_day = bool(contract.event_time)
        self._identity = list(contract.identity)
        self._keys = [*self._identity, DAY] if self._by_day else self._identity
        self._payload = [column.name for column in contract.columns]
        self._seen: dict[date | None, HashSet] = {}
        self._generation = 0

    def begin(self, accepted: Snapshot) -> None:
        """Start an epoch; what earlier ones taught stays known if they were committed."""
        generation = generation_of(accepted)
        if generation != self._generation:
            self._generation, self._seen = generation, {}
        self._accepted = accepted
        self._days: set[date] | None = None
        self._staged: list[str] = []
        self._forget()

    def _forget(self) -> None:
        """Let go of the scopes that were longest not needed; the latest one stays."""
        held = sum(map(len, self._seen.values()))
        while held > _REMEMBERED and len(self._seen) > 1:
            held -= len(self._seen.pop(next(iter(self._seen))))

    def split(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(rows certainly new, suspects); both keep the order of `frame`."""
        hashes = self._hashes(frame).to_numpy()
        suspect = np.zeros(len(hashes), np.bool_)
        for day, places in self._scopes(frame[DAY]):
            suspect[places[self._known(day).add(hashes[places])]] = True
        if not suspect.any():
            return frame, frame.clear()
        chosen = pl.Series(suspect)
        return frame.filter(~chosen), frame.filter(chosen)

    def staged(self, paths: Sequence[str]) -> None:
        """Name data files of this epoch, so that suspects can be held against them."""
        self._staged.extend(paths)

    def resolve(self, suspects: pl.DataFrame) -> Resolved:
        """Decide suspects in ledger order; every fresh row passed so far must be staged."""
        wanted = suspects.select(self._keys).unique()
        earlier = self._earlier(wanted, suspects[DAY].unique().to_list())
        known = suspects.join(earlier, on=self._keys, how="semi", nulls_equal=True)
        unknown = suspects.join(earlier, on=self._keys, how="anti", nulls_equal=True)
        first = unknown.select(pl.struct(self._keys).is_first_distinct()).to_series()
        fresh = unknown.filter(first)
        repeats = pl.concat([known, unknown.filter(~first)])
        originals = pl.concat([earlier, fresh.select(earlier.columns)])
        same = self._same_payload(repeats, originals)
        places = repeats.select(POSITION, ROW)
        return Resolved(fresh, places.filter(same), places.filter(~same))

    def _hashes(self, frame: pl.DataFrame) -> pl.Series:
        return frame.select(self._keys).hash_rows(seed=_SEED)

    def _scopes(self, days: pl.Series) -> Iterator[tuple[date | None, Places]]:
        """The places of the rows of each scope of de-duplication, in order."""
        if not self._by_day or days.min() == days.max():
            yield days[0] if self._by_day else None, np.arange(len(days))
            return
        numbers = days.to_physical().to_numpy()
        order = np.argsort(numbers, kind="stable")
        ends = np.flatnonzero(np.diff(numbers[order])) + 1
        for places in np.split(order, ends):
            yield days[int(places[0])], places

    def _known(self, day: date | None) -> HashSet:
        """The hashes seen in a scope, its accepted rows read first."""
        seen = self._seen.pop(day, None)
        if seen is None:
            seen = HashSet()
            if self._held(day):
                for rows in self._accepted.slabs(_AT_ONCE, days=[day] if day else None):
                    keys = rows.select(self._keys).collect()
                    seen.add(self._hashes(keys).to_numpy())
        self._seen[day] = seen
        return seen

    def _held(self, day: date | None) -> bool:
        """Whether the accepted table has rows of the scope; its files are listed once."""
        if self._days is None:
            self._days = {held for held in self._accepted.partitions() if held is not None}
        return bool(self._days) if day is None else day in self._days

    def _earlier(self, wanted: pl.DataFrame, days: list[date]) -> pl.DataFrame:
        """The accepted rows with one of the wanted ids, their keys and payload."""
        columns = list(dict.fromkeys([*self._keys, *self._payload]))
        committed = self._accepted.frame(columns, days=days if self._by_day else None)
        staged = self._accepted.scan(self._staged).select(columns)
        return (
            pl.concat([committed, staged])
            .join(wanted.lazy(), on=self._keys, how="semi", nulls_equal=True)
            .collect()
        )

    def _same_payload(self, repeats: pl.DataFrame, originals: pl.DataFrame) -> pl.Series:
        beside = {name: f"{name}:original" for name in self._payload}
        renamed = originals.select(
            *self._keys, *(pl.col(name).alias(to) for name, to in beside.items())
        )
        joined = repeats.join(
            renamed, on=self._keys, how="left", nulls_equal=True, maintain_order="left"
        )
        equal = [_equal(joined.schema[name], name, to) for name, to in beside.items()]
        return joined.select(pl.all_horizontal(equal).alias("same")).to_series()


def _equal(kind: pl.DataType, left: str, right: str) -> pl.Expr:
    if not kind.is_nested():
        return pl.col(left).eq_missing(pl.col(right))
    as_text = [pl.struct(pl.col(name).alias("v")).struct.json_encode() for name in (left, right)]
    return as_text[0] == as_text[1]
