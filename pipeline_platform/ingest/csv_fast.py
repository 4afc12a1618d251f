"""Judge CSV rows without quotes in bulk, column by column."""

import re

import numpy as np
import polars as pl

from pipeline_platform.contracts.names import EXTRA
from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.ingest.csv_framing import CsvBlock, Dialect, Header
from pipeline_platform.ingest.frames import polars_type
from pipeline_platform.ingest.instants_fast import Flags
from pipeline_platform.ingest.json_fast import Taken
from pipeline_platform.ingest.row_texts import row_texts
from pipeline_platform.ingest.text_columns import converter

ENOUGH = 64


class CsvFast:
    """Takes rows of which it is certain, with the values the precise reader would give."""

    def __init__(self, contract: StreamContract, dialect: Dialect) -> None:
        self._contract, self._delimiter = contract, dialect.delimiter.decode()
        self._nulls = list(contract.landing.null_values)
        self._converters = {c.name: converter(c) for c in contract.columns}
        quote = re.escape(dialect.quote.decode())
        self._plain = rf"^[^{quote}\r\n]*(?:\r?\n)*\r?$"

    def take(self, block: CsvBlock) -> Taken:
        """Accepted rows and their places; None when there is nothing to gain."""
        header = block.header
        starts, _ = block.bounds()
        kept = self._contract.unknown_fields == "keep"
        if not header or header.fault or len(starts) < ENOUGH or (kept and header.extra):
            return None
        texts = row_texts(block)
        cells = len(header.names) - 1
        plain = texts.str.contains(self._plain)
        right = texts.str.count_matches(self._delimiter, literal=True) == cells
        good = (plain & right).to_numpy().copy()
        good[list(block.faults)] = False
        if not good.any():
            return None
        places = np.flatnonzero(good)
        lines = texts.filter(pl.Series(good)).str.strip_chars_end("\r\n")
        return self._typed(lines.str.split_exact(self._delimiter, cells), header, places)

    def _typed(self, cells: pl.Series, header: Header, places: np.ndarray) -> Taken:
        sure = np.ones(len(places), bool)
        columns = []
        fields = cells.struct.unnest()
        for column in self._contract.columns:
            at = header.place.get(column.name)
            if at is None:
                nothing = pl.Series([None], dtype=polars_type(column.data_type))
                columns.append(nothing.new_from_index(0, len(places)).alias(column.name))
                continue
            series, good = self._column(column, fields.to_series(at))
            sure &= good
            columns.append(series.alias(column.name))
        if self._contract.unknown_fields == "keep":
            nothing = pl.Series([None], dtype=pl.String)
            columns.append(nothing.new_from_index(0, len(places)).alias(EXTRA))
        frame = pl.DataFrame(columns)
        if sure.all():
            return frame, places
        return frame.filter(pl.Series(sure)), places[sure]

    def _column(self, column: Column, texts: pl.Series) -> tuple[pl.Series, Flags]:
        null = texts.is_in(self._nulls)
        if null.any():
            texts = pl.select(pl.when(~null).then(texts)).to_series()
        series, good = self._converters[column.name](texts)
        sure = np.ones(len(texts), bool) if good is None else good
        return series, sure if column.nullable else sure & ~null.to_numpy()
