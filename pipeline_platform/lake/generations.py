"""Generations: which set of a stream's rows a version of its tables speaks of.

The accepted table carries its generation as an application transaction. Refused rows and
accounting of all generations lie in one table each, told apart by a column.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline_platform.contracts.names import GENERATION
from pipeline_platform.lake.snapshot import Snapshot

APP, BEFORE = "generation", "generation_before"
ADMISSION = "admission"


def generation_of(accepted: Snapshot) -> int:
    """The generation of the accepted rows, 0 when they were never reprocessed."""
    return accepted.transaction_version(APP) or 0


def generation_before(accepted: Snapshot) -> int:
    """The generation that the present one replaced."""
    return accepted.transaction_version(BEFORE) or 0


def admission_of(generation: int) -> str:
    """The application under which refused rows and accounting note a generation's epochs."""
    return ADMISSION if generation == 0 else f"{ADMISSION}.{generation}"


def rows_of(
    held: Snapshot,
    generation: int,
    columns: Sequence[str] | None = None,
    between: Mapping[str, tuple[Any, Any]] | None = None,
) -> pl.LazyFrame:
    """The rows of one generation in a table that holds several, as `Snapshot.frame` gives."""
    if GENERATION not in held.schema.names:
        return held.frame(columns, between=between)
    rows = held.frame(between=between).filter(pl.col(GENERATION).fill_null(0) == generation)
    return rows.select(list(columns) if columns is not None else held.schema.names)


def files_over(held: Snapshot, present: int, before: int) -> list[str]:
    """Files whose rows are all of generations that are over: earlier than the present one,
    and not the one before it, which a reader may still have in hand."""
    if GENERATION not in held.schema.names:
        return []
    low, high = pl.col("_low"), pl.col("_high")
    numbered = (pl.col("_nulls") == 0) & (high < present) & ((high < before) | (low > before))
    unnumbered = (pl.col("_nulls") == pl.col("num_records")) & pl.lit(before > 0)
    files = held.files.with_columns(
        _column(held, f"min.{GENERATION}", pl.lit(None, pl.Int64)).alias("_low"),
        _column(held, f"max.{GENERATION}", pl.lit(None, pl.Int64)).alias("_high"),
        _column(held, f"null_count.{GENERATION}", pl.col("num_records")).alias("_nulls"),
    )
    return list(files.filter(numbered | unnumbered)["path"])


def _column(held: Snapshot, name: str, absent: pl.Expr) -> pl.Expr:
    return pl.col(name).fill_null(absent) if name in held.files.columns else absent
