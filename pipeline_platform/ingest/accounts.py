"""The books of a stream over all committed epochs."""

import polars as pl

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.generations import ADMISSION, generation_of, rows_of


def total(tables: StreamTables, first: int = 0, last: int | None = None) -> Accounting:
    """The sum over the committed epochs `first <= epoch <= last` (None: all)."""
    accepted = tables.accepted.snapshot()
    committed = accepted.last(ADMISSION)
    last = committed if last is None else min(last, committed)
    held, only = tables.accounting.snapshot(), {"epoch": (first, last)}
    rows = rows_of(held, generation_of(accepted), between=only)
    fields = Accounting.__struct_fields__
    summed = rows.select([pl.col(field).sum() for field in fields]).collect().row(0)
    return Accounting(*summed)


def checksums(tables: StreamTables, keys: list[str]) -> dict[str, int]:
    """CRC-32 of the bytes admitted under each key, where the object was read to its end."""
    rows = (
        tables.accounting.snapshot()
        .frame(["object", "checksum", "epoch"])
        .filter(pl.col("object").is_in(keys) & pl.col("checksum").is_not_null())
        .sort("epoch", descending=True)
        .collect()
    )
    return dict(zip(rows["object"].to_list(), rows["checksum"].to_list(), strict=True))
