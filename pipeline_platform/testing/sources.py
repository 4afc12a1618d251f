"""Rows that a test gives: dictionaries, frames, files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pipeline_platform.errors import Abort, UnknownName

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

GivenRows: TypeAlias = "Iterable[Mapping[str, Any]] | pl.DataFrame | pd.DataFrame | str | Path"
SUFFIXES = (".csv", ".ndjson", ".jsonl", ".parquet")


class Source(NamedTuple):
    """Columns by name, each with its values or its Polars series; `text`: all are texts.

    `given` are the rows as they were given, if they were dictionaries.
    """

    columns: dict[str, Any]
    height: int
    text: bool = False
    given: list[Mapping[str, Any]] | None = None

    def rows(self) -> list[Mapping[str, Any]]:
        """The rows as dictionaries; those given lack the keys that they lacked."""
        if self.given is not None:
            return self.given
        lists = [self.values(name) for name in self.columns]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*lists, strict=True)]

    def values(self, name: str) -> list[Any]:
        """The values of a column as Python has them."""
        found = self.columns[name]
        return found if isinstance(found, list) else list(found.to_list())


def source(given: GivenRows, where: str) -> Source:
    """What was given, by column; a row that lacks a key has NULL there.

    A path is a file of CSV (an empty field is NULL), NDJSON or Parquet. Abort: something
    else was given, or there is no such file.
    """
    if isinstance(given, str | Path):
        return _file(Path(given), where)
    if hasattr(given, "to_dicts") or hasattr(given, "iterrows"):
        return _frame(given)
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        rows = list(given)
        if all(isinstance(row, Mapping) for row in rows):
            return _dictionaries(rows)
        given = next(row for row in rows if not isinstance(row, Mapping))
    raise Abort(
        f"these are no rows: {given!r:.60}",
        where=where,
        known="rows are a list of dictionaries, a Polars or pandas frame, or a path",
        remedy="give [{'column': value}, ...]; [] for none",
    )


def _dictionaries(rows: list[Mapping[str, Any]]) -> Source:
    names = dict.fromkeys(name for row in rows for name in row)
    return Source({name: [row.get(name) for row in rows] for name in names}, len(rows), given=rows)


def _frame(given: Any, text: bool = False) -> Source:
    import polars as pl

    frame = given if isinstance(given, pl.DataFrame) else pl.from_pandas(given)
    return Source({series.name: series for series in frame}, frame.height, text)


def _file(path: Path, where: str) -> Source:
    import polars as pl

    if path.suffix not in SUFFIXES:
        raise UnknownName("kind of file", path.suffix or str(path), SUFFIXES, where=where)
    if not path.is_file():
        raise Abort(
            f"there is no file {path}",
            where=where,
            known=", ".join(sorted(p.name for p in path.parent.glob("*"))[:40]) or "no file there",
            remedy="relative paths start at the current directory; Path(__file__).parent / ... "
            "does not depend on it",
        )
    if path.suffix == ".csv":
        return _frame(pl.read_csv(path, infer_schema=False), text=True)
    if path.suffix == ".parquet":
        return _frame(pl.read_parquet(path))
    from msgspec import json

    return _dictionaries([json.decode(line) for line in path.read_bytes().splitlines() if line])
