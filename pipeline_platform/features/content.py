"""What rows hold, as a hash that no file format or library version changes."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl


def ordered(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows sorted by all columns from the first on; NULL first, NaN last."""
    return rows.sort(rows.columns, nulls_last=False) if rows.width else rows


def content_hash(rows: pl.DataFrame, kinds: Sequence[str]) -> str:
    """sha256 over names, types (`kinds`), NULLs and values, column by column, as ordered."""
    digest = hashlib.sha256(str(rows.height).encode())
    for column, kind in zip(rows.iter_columns(), kinds, strict=True):
        digest.update(f"\n{column.name}\n{kind}\n".encode())
        digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
        for part in _parts(column):
            digest.update(part)
    return digest.hexdigest()


def _parts(column: pl.Series) -> list[Any]:
    kind = column.dtype
    if kind.is_float():
        known = column.fill_null(0.0) + 0.0
        return [known.fill_nan(float("nan")).to_numpy().tobytes()]
    if kind.is_integer() or kind.is_temporal():
        return [column.to_physical().fill_null(0).to_numpy().astype("<i8").tobytes()]
    if kind == pl.Boolean:
        return [np.packbits(column.fill_null(False).to_numpy()).tobytes()]
    if kind == pl.Binary:
        return _texts(column.bin.encode("hex"))
    if kind == pl.String or kind.is_decimal():
        return _texts(column.cast(pl.String))
    return [repr(column.to_list()).encode()]


def _texts(column: pl.Series) -> list[Any]:
    texts = column.fill_null("")
    lengths = texts.str.len_bytes().to_numpy().astype("<i8").tobytes()
    return [lengths, "".join(texts.to_list()).encode()]
