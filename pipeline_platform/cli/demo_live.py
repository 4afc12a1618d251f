"""`demo --live`: a day replayed as it happened, served while it lands, then settled."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from pipeline_platform.cli.output import print_rows
from pipeline_platform.cli.replay import Sent, day_of, send
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    import polars as pl

    from pipeline_platform.contracts.views import View
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.speed.runner import Runner
    from pipeline_platform.wiring import Platform

HOST = "127.0.0.1"
SHOWN = "departures_by_hour"
_MEMORY = 256 << 20
_LINE_S = 5.0
_ONE = timedelta(days=1)


class Replay(Struct, frozen=True):
    """Which day, how many of its seconds in one of ours, shares of late and repeated events.

    `stay` keeps the server up after the end, until Ctrl-C.
    """

    day: date = date(2013, 7, 10)
    speed: float = 600.0
    late: float = 0.02
    repeats: float = 0.02
    port: int = 8765
    stay: bool = False


class Compared(Struct, frozen=True):
    """A view around the last batch; `changed` and `wrong` count rows that differ.

    `changed`: from the answer before the batch. `wrong`: from the view's own SQL over all
    accepted rows.
    """

    view: str
    rows: int
    as_of: int
    late_before: int
    changed: int
    wrong: int


def replay(asked: Replay) -> None:
    """Replay a day into a home of its own, serve its views meanwhile, settle it at the end.

    At the end of the day, as nightly, the views are settled by batch; late events come
    after that. Ends when all is sent, or at Ctrl-C; then everything that was sent is
    admitted, folded and settled, and answers are compared. Abort where they differ.
    """
    from pipeline_platform.cli.project import OWN, declarations
    from pipeline_platform.cli.serve import said_of, serving, token_for
    from pipeline_platform.cli.stream import assembled, until_told

    rows = day_of(asked.day, asked.late, asked.repeats)
    here, declared = _beside(), _alone(declarations(OWN))
    stop, ended = Event(), Event()
    runner = assembled(here, declared, sorted(rows), ended, None, False)
    said, token = said_of(declared), token_for(HOST)
    with (
        closing(here.lasting),
        until_told(stop, here.engine),
        serving(here, said, HOST, asked.port, most_bytes=_MEMORY, token=token) as url,
    ):
        _say(f"Open {url}/live/{SHOWN}   the replay lies in {here.settings.home}")
        runner.start()
        sent = _send(here, declared, rows, asked, stop, runner)
        _drain(here, declared, sorted(rows), runner, ended)
        compared = [_settled(here, found.view) for found in declared.views.values()]
        _report(here, declared, sorted(rows), sent, compared)
        if asked.stay and not stop.is_set():
            _say(f"{url}/live/{SHOWN} stays until Ctrl-C.")
            stop.wait()
    _refuse_differences(compared)


def _alone(declared: "Declarations") -> "Declarations":
    """Without the views that join tables: a lake that holds the replay alone has none."""
    from dataclasses import replace

    left = sorted(name for name, found in declared.views.items() if found.dimensions)
    if left:
        _say(f"Left out, as the replay has no tables to join: {', '.join(left)}")
    views = {name: found for name, found in declared.views.items() if name not in left}
    return replace(declared, views=views)


def _beside() -> "Platform":
    """A platform whose landing and lake are new: known flights would only be repeats."""
    from msgspec.structs import replace

    from pipeline_platform.settings import from_environment
    from pipeline_platform.wiring import platform

    settings = from_environment()
    home = settings.home / "live" / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}"
    home.mkdir(parents=True, exist_ok=True)
    return platform(replace(settings, home=home))


def _send(
    here: "Platform",
    declared: "Declarations",
    rows: "Mapping[str, pl.DataFrame]",
    asked: Replay,
    stop: Event,
    runner: "Runner",
) -> Sent:
    """Send the day; once it is over, settle it while late events still come."""
    start = datetime(asked.day.year, asked.day.month, asked.day.day, tzinfo=UTC)
    settled, line = False, time.monotonic()

    def at(now: datetime, sent: Sent) -> None:
        nonlocal settled, line
        runner.running()
        if now >= start + _ONE and not settled:
            settled = True
            _batch(here, declared)
        if time.monotonic() >= line:
            line = time.monotonic() + _LINE_S
            _say(f"{now:%d %b %H:%M} UTC   {_words(sent)}")

    return send(here.store, dict(rows), start=start, speed=asked.speed, stop=stop, at=at)


def _batch(here: "Platform", declared: "Declarations") -> None:
    from pipeline_platform.batch.settle import settle
    from pipeline_platform.views.live import live

    views = [found.view for found in declared.views.values()]
    up = [view for view in views if live(here.lake, view.name) and view.paths != "speed"]
    done = [settle(view, None, engine=here.engine, lake=here.lake, clock=here.clock) for view in up]
    cuts = {one.cut for one in done}
    _say(f"The day is over: the batch settled {len(done)} views at epoch {max(cuts, default=-1)}.")


def _drain(
    here: "Platform",
    declared: "Declarations",
    streams: Sequence[str],
    runner: "Runner",
    ended: Event,
) -> None:
    """End the runner, then admit and fold what it left."""
    from pipeline_platform.cli.stream import assembled

    ended.set()
    runner.finish()
    rest = assembled(here, declared, streams, Event(), None, True)
    rest.start()
    rest.finish()
    if troubles := [error for standing in rest.standings for error in standing.troubles]:
        raise troubles[0]


def _settled(here: "Platform", view: "View") -> Compared:
    """Settle a view; its answer before, after, and by its own SQL."""
    from pipeline_platform.batch.settle import settle
    from pipeline_platform.lake.shape import as_frame
    from pipeline_platform.models.query import query

    handle = here.view(view.name)
    stood, before = handle.standing(), handle.answer("polars")
    if view.paths != "speed":
        settle(view, None, engine=here.engine, lake=here.lake, clock=here.clock)
    after = handle.answer("polars")
    plain = as_frame(query(view.sql, engine=here.engine, lake=here.lake)).cast(after.schema)
    return Compared(
        view=view.name,
        rows=after.height,
        as_of=handle.standing().as_of,
        late_before=sum(rows for day, rows in stood.late.items() if day in stood.cuts),
        changed=differing(before, after, view.split.approximate),
        wrong=differing(plain, after, view.split.approximate),
    )


def differing(one: "pl.DataFrame", other: "pl.DataFrame", approximate: Sequence[str] = ()) -> int:
    """Rows of either frame that the other has not as often; nine digits of `approximate`."""
    import polars as pl

    from pipeline_platform.views.proof import comparable

    plain = (comparable(frame, approximate) for frame in (one, other))
    counts = [frame.group_by(frame.columns).len(name="n") for frame in plain]
    joined = counts[0].join(
        counts[1], on=one.columns, how="full", nulls_equal=True, suffix="_other"
    )
    n, m = joined["n"].fill_null(0).cast(pl.Int64), joined["n_other"].fill_null(0).cast(pl.Int64)
    return int((n - m).abs().sum())


def _report(
    here: "Platform",
    declared: "Declarations",
    streams: Sequence[str],
    sent: Sent,
    compared: Sequence[Compared],
) -> None:
    totals = [here.admission(declared.streams[name].contract).run().total for name in streams]
    accepted, repeated = sum(t.accepted for t in totals), sum(t.duplicates for t in totals)
    _say(f"Sent {_words(sent)}; accepted {accepted:,} events, {repeated:,} were known.")
    columns = ("view", "rows", "as of epoch", "late before", "changed by batch", "not as by SQL")
    lines = [(c.view, c.rows, c.as_of, c.late_before, c.changed, c.wrong) for c in compared]
    print_rows(columns, lines, "table")
    if not any(one.changed or one.wrong for one in compared):
        counted = sum(one.rows for one in compared)
        _say(f"All {counted:,} rows are equal before the batch, after it, and by plain SQL.")


def _refuse_differences(compared: Sequence[Compared]) -> None:
    wrong = [one.view for one in compared if one.changed or one.wrong]
    if wrong:
        raise Abort(
            "answers before and after the batch differ",
            where=", ".join(wrong),
            known="the table above counts the rows",
            remedy="`pipeline-platform verify` names the objects behind a difference",
        )


def _words(sent: Sent) -> str:
    return (
        f"{sent.rows:,} rows in {sent.objects:,} objects, {sent.late:,} late, "
        f"{sent.repeats:,} repeated"
    )


def _say(text: str) -> None:
    click.echo(text, err=True)
