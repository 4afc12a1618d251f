"""A day of the demo's events as producers send them: paced, some late, some twice."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import Struct

from pipeline_platform.cli.demo_data import STREAMS, encode, read_source
from pipeline_platform.errors import Abort
from pipeline_platform.ports.object_store import ObjectStore

if TYPE_CHECKING:
    import polars as pl

DUE = "_due"  # when the producer sends the row, in the replayed day's time
KIND = "_kind"  # on time, late or repeat
_TICK_S = 0.25
_SHORT, _LONG = 3600, 5 * 3600  # seconds by which late events are late
_AGAIN = 2 * 3600  # seconds within which an event is sent again


class Sent(Struct):
    """What was sent so far: objects, rows, and of them late ones and repeats."""

    objects: int = 0
    rows: int = 0
    late: int = 0
    repeats: int = 0


def day_of(day: date, late: float, repeats: float, seed: int = 0) -> "dict[str, pl.DataFrame]":
    """By stream the rows of a UTC day with DUE and KIND, in the order in which they are sent.

    `late` and `repeats` are shares of the events. Equal arguments give equal rows. Abort for
    a day without flights.
    """
    chance = Random(seed)
    found = {
        stream: _planned(_of_day(read_source(file), day), chance, late, repeats)
        for stream, file in STREAMS.items()
    }
    if not found["flights"].height:
        raise Abort(
            f"no flight is scheduled on {day}",
            where="--day",
            known="the demo's flights are those of 2013",
            remedy="choose a day of 2013",
        )
    return found


def send(
    store: ObjectStore,
    rows: "dict[str, pl.DataFrame]",
    *,
    start: datetime,
    speed: float,
    stop: Event,
    at: Callable[[datetime, Sent], None],
) -> Sent:
    """Land the rows as they are due, an object per stream and tick, until all are or `stop`.

    `at` hears the replayed time after every tick.
    """
    import polars as pl

    sent, began, done = Sent(), monotonic(), start - timedelta(microseconds=1)
    last = max(frame[DUE].max() for frame in rows.values() if frame.height)  # type: ignore[type-var]
    while done < last and not stop.is_set():  # type: ignore[operator]
        now = start + timedelta(seconds=(monotonic() - began) * speed)
        for stream, frame in rows.items():
            due = frame.filter(pl.col(DUE).is_between(done, now, closed="right"))
            if due.height:
                store.put_if_absent(_key(stream, now), encode(due.drop(DUE, KIND)))
                _count(sent, due)
        done = now
        at(now, sent)
        stop.wait(_TICK_S)
    return sent


def _count(sent: Sent, due: "pl.DataFrame") -> None:
    kinds = dict(due[KIND].value_counts().iter_rows())
    sent.objects += 1
    sent.rows += due.height
    sent.late += kinds.get("late", 0)
    sent.repeats += kinds.get("repeat", 0)


def _key(stream: str, arrival: datetime) -> str:
    name = f"{stream}-1-{arrival:%Y-%m-%d-%H-%M-%S}-{uuid4()}"
    return f"{stream}/{arrival:%Y/%m/%d/%H}/{name}.gz"


def _of_day(rows: "pl.DataFrame", day: date) -> "pl.DataFrame":
    import polars as pl

    return rows.filter(pl.col("time_hour").str.starts_with(str(day)))


def _planned(rows: "pl.DataFrame", chance: Random, late: float, repeats: float) -> "pl.DataFrame":
    import polars as pl

    minutes = rows["minute"].cast(pl.Int64) if "minute" in rows.columns else [0] * rows.height
    hours = [datetime.fromisoformat(text).astimezone(UTC) for text in rows["time_hour"]]
    planned = []
    for place, (hour, minute) in enumerate(zip(hours, minutes, strict=True)):
        due, kind = hour + timedelta(minutes=minute), "on time"
        if chance.random() < late:
            due, kind = due + timedelta(seconds=chance.randint(_SHORT, _LONG)), "late"
        planned.append((place, due, kind))
        if chance.random() < repeats:
            planned.append((place, due + timedelta(seconds=chance.randint(0, _AGAIN)), "repeat"))
    schema = {"place": pl.UInt32(), DUE: pl.Datetime("us", "UTC"), KIND: pl.String()}
    plan = pl.DataFrame(planned, schema=schema, orient="row")
    return rows[plan["place"].to_list()].with_columns(plan[DUE], plan[KIND]).sort(DUE)
