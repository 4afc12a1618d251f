"""Judge JSON rows in bulk: whole clean blocks, then the rows an expression proves good."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_platform.contracts.names import EXTRA
from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.contracts.types import DataType
from pipeline_platform.ingest.frames import polars_type
from pipeline_platform.ingest.framing import Block
from pipeline_platform.ingest.instants import EPOCH_UNITS
from pipeline_platform.ingest.instants_fast import Flags
from pipeline_platform.ingest.json_proof import Counts, count
from pipeline_platform.ingest.json_shape import member_order, proves, row_pattern
from pipeline_platform.ingest.json_strict import Fault, parse_object
from pipeline_platform.ingest.row_texts import row_texts
from pipeline_platform.ingest.text_columns import Converter, converter, epoch_instants

Places = npt.NDArray[np.int64]
Taken = tuple[pl.DataFrame, Places] | None
SAMPLE = 40
ENOUGH = 64
PATIENCE = 8
_FROM_TEXT = ("timestamp", "date", "decimal")
_NARROW = ("tinyint", "smallint")  # Polars' JSON reader panics on 8 and 16 bits
_EXACT = {"double": float(1 << 53), "float": float(1 << 24)}


class JsonFast:
    """Takes rows of which it is certain, with the values the precise reader would give.

    A block is first read as a whole by Polars and taken if counts of its bytes prove that
    nothing was overlooked (`json_proof`). If not, an expression made from the contract and
    the order of members seen picks the rows that Polars may read (`json_shape`).
    """

    def __init__(self, contract: StreamContract) -> None:
        self._contract = contract
        self._types = {c.field: _read_as(c) for c in contract.columns}
        self._finish = {c.field: f for c in contract.columns if (f := _finisher(c))}
        self._exact = {c.field: _EXACT.get(c.data_type.name) for c in contract.columns}
        countable = not any(_uncounted(c.data_type) for c in contract.columns)
        self._possible = proves(contract)
        self._whole = countable and self._possible
        self._skip = 0

    def take(self, block: Block) -> Taken:
        """Accepted rows and their places; None when there is nothing to gain."""
        if not self._possible:
            return None
        if self._whole and not block.faults and not self._skip:
            if taken := self._take_whole(block):
                return taken
            self._skip = PATIENCE
        elif self._skip:
            self._skip -= 1
        return self._take_proven(block)

    def _take_whole(self, block: Block) -> Taken:
        data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
        counts = count(data)
        if not counts.plain:
            return None
        frame = self._read(data)
        if frame is None or not self._proven(frame, counts):
            return None
        if block.starts is None:
            block.starts, block.ends = counts.starts, counts.ends
        elif len(block.starts) != counts.rows:
            return None
        return self._finished(frame, np.arange(counts.rows))

    def _proven(self, frame: pl.DataFrame, counts: Counts) -> bool:
        if frame.height != counts.rows:
            return False
        nulls = {name: frame[name].null_count() for name in self._types}
        cells = frame.height * len(nulls) - sum(nulls.values())
        texts = sum(frame.height - nulls[n] for n, t in self._types.items() if t == pl.String)
        if counts.members != cells or counts.quotes != 2 * (cells + texts):
            return False
        for column in self._contract.columns:
            if not column.nullable and nulls[column.field]:
                return False
            exact = self._exact.get(column.field)
            if exact and not _below(frame[column.field], exact):
                return False
        return True

    def _take_proven(self, block: Block) -> Taken:
        starts, _ = block.bounds()
        if len(starts) < ENOUGH:
            return None
        lines = row_texts(block)
        pattern = row_pattern(self._contract, self._order(block))
        if not pattern:
            return None
        good = lines.str.contains(pattern).to_numpy()
        if block.faults:
            good = good.copy()
            good[list(block.faults)] = False
        places = np.flatnonzero(good)
        text = lines if len(places) == len(lines) else lines.filter(pl.Series(good))
        frame = self._read(_joined(text)) if len(places) else None
        if frame is None or frame.height != len(places):
            return None
        return self._finished(frame, places)

    def _order(self, block: Block) -> tuple[str, ...]:
        starts, ends = block.bounds()
        seen = []
        for start, end in zip(starts[:SAMPLE].tolist(), ends[:SAMPLE].tolist(), strict=True):
            try:
                seen.append(parse_object(block.data[start:end]))
            except Fault:
                continue
        drop = self._contract.unknown_fields == "drop"
        order = member_order(seen)
        return order if drop else tuple(n for n in order if n in self._types)

    def _read(self, data: Any) -> pl.DataFrame | None:
        try:
            return pl.read_ndjson(data, schema=self._types)
        except pl.exceptions.ComputeError:
            return None

    def _finished(self, frame: pl.DataFrame, places: Places) -> Taken:
        sure: npt.NDArray[np.bool_] | None = None
        columns = []
        for column in self._contract.columns:
            series = frame[column.field]
            if finish := self._finish.get(column.field):
                series, good = finish(series)
                if good is not None:
                    sure = good if sure is None else sure & good
            columns.append(series.alias(column.name))
        if self._contract.unknown_fields == "keep":
            columns.append(pl.Series(EXTRA, [None], dtype=pl.String).new_from_index(0, len(frame)))
        typed = pl.DataFrame(columns)
        return (typed, places) if sure is None else (typed.filter(pl.Series(sure)), places[sure])


def _uncounted(data_type: DataType) -> bool:
    return data_type.name in ("array", "struct", "decimal")


def _read_as(column: Column) -> Any:
    data_type = column.data_type
    if data_type.name == "timestamp" and column.format in EPOCH_UNITS:
        return pl.Int64
    if data_type.name in _FROM_TEXT:
        return pl.String
    return pl.Int32 if data_type.name in _NARROW else polars_type(data_type)


def _finisher(column: Column) -> Converter | None:
    if column.data_type.name == "timestamp" and column.format in EPOCH_UNITS:
        return epoch_instants(column)
    if column.data_type.name in _NARROW:
        return _narrowed(polars_type(column.data_type))
    return converter(column) if column.data_type.name in _FROM_TEXT else None


def _narrowed(wanted: Any) -> Converter:
    def convert(numbers: pl.Series) -> tuple[pl.Series, Flags | None]:
        found = numbers.cast(wanted, strict=False)
        if found.null_count() == numbers.null_count():
            return found, None
        return found, (found.is_not_null() | numbers.is_null()).to_numpy()

    return convert


def _below(numbers: pl.Series, limit: float) -> bool:
    least, most = numbers.min(), numbers.max()
    return least is None or (float(str(least)) > -limit and float(str(most)) < limit)


def _joined(lines: pl.Series) -> bytes:
    """One line per row."""
    array: Any = (lines + "\n").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)
    return bytes(memoryview(data)[offsets[array.offset] : offsets[array.offset + len(array)]])
