"""Rows as a test sees them: dictionaries, or a frame."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipeline_platform.contracts.types import DataType

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Rows(list[dict[str, Any]]):
    """Rows by column name, in the order that their maker states.

    Timestamps are aware datetimes in UTC, decimals are Decimals. `name` says what they are
    rows of, `types` the type of each column.
    """

    def __init__(
        self, frame: "pl.DataFrame", name: str, types: Mapping[str, DataType | str]
    ) -> None:
        super().__init__(frame.to_dicts())
        self._frame, self.name = frame, name
        parsed = {n: t if isinstance(t, DataType) else DataType.parse(t) for n, t in types.items()}
        self.types = {column: parsed[column] for column in frame.columns}

    def polars(self) -> "pl.DataFrame":
        """The rows as a Polars frame."""
        return self._frame

    def pandas(self) -> "pd.DataFrame":
        """The rows as a pandas frame; timestamps in UTC."""
        return self._frame.to_pandas()


def in_order(frame: "pl.DataFrame", by: Iterable[str]) -> "pl.DataFrame":
    """The frame sorted by these columns, from left to right, NULL first."""
    import polars as pl

    nested = (pl.List, pl.Struct)
    return frame.sort([name for name in by if not isinstance(frame.schema[name], nested)])
