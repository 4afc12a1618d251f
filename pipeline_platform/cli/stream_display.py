"""Shows where streams stand: a moving table on a terminal, else a line now and then."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import click

from pipeline_platform.errors import PlatformError

if TYPE_CHECKING:
    from pipeline_platform.speed.runner import Runner
    from pipeline_platform.speed.standing import StreamStanding

_RATE_S = 10.0  # rows per second are those of this long


class Shown(Protocol):
    """Shows the present standing; `last` for the last time."""

    def __call__(self, *, last: bool = False) -> None: ...


class Rates:
    """Rows per second of each stream over the last seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, int]]] = {}

    def of(self, standing: "StreamStanding") -> float:
        """Rows per second now."""
        now, seen = time.monotonic(), self._seen.setdefault(standing.stream, [])
        seen.append((now, standing.rows))
        while len(seen) > 2 and seen[0][0] < now - _RATE_S:
            seen.pop(0)
        (then, before), (_, rows) = seen[0], seen[-1]
        return (rows - before) / (now - then) if now > then else 0.0


class Lines:
    """One line per stream, every so many seconds; what is wrong, when it begins."""

    def __init__(self, runner: "Runner", every: float, output: TextIO) -> None:
        self._runner, self._every, self._output = runner, every, output
        self._rates, self._told = Rates(), dict[str, str]()
        self._due = time.monotonic() + every

    def __call__(self, *, last: bool = False) -> None:
        troubles(self._runner, self._told, self._say)
        rates = {s.stream: self._rates.of(s) for s in self._runner.standings}
        if not last and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._every
        for standing in self._runner.standings:
            self._say(line(standing, rates[standing.stream]))

    def _say(self, text: str) -> None:
        click.echo(text, file=self._output)


class Table:
    """A table that moves; what is wrong stands above it."""

    def __init__(self, runner: "Runner", live: Any) -> None:
        self._runner, self._live = runner, live
        self._rates, self._told = Rates(), dict[str, str]()

    def __call__(self, *, last: bool = False) -> None:
        troubles(self._runner, self._told, self._say)
        self._live.update(self._table(), refresh=True)

    def _say(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)

    def _table(self) -> Any:
        from rich import box
        from rich.table import Table as RichTable

        table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        columns = ("stream", "rows/s", "rows", "lag", "in views", "last commit", "waiting", "views")
        for name in columns:
            table.add_column(name, justify="left" if name in ("stream", "views") else "right")
        for standing in self._runner.standings:
            table.add_row(*cells(standing, self._rates.of(standing)))
        return table


def cells(standing: "StreamStanding", rate: float) -> tuple[str, ...]:
    """A stream's row of the table."""
    commit = standing.last_commit
    return (
        standing.stream,
        f"{rate:,.0f}",
        f"{standing.rows:,}",
        _seconds(standing.lag_s),
        _seconds(standing.seen_s),
        f"{commit:%H:%M:%S}" if commit else "-",
        _waiting(standing),
        _views(standing),
    )


def line(standing: "StreamStanding", rate: float) -> str:
    """A stream in one line."""
    commit = standing.last_commit
    parts = [
        f"{standing.stream}: {rate:,.0f} rows/s, {standing.rows:,} rows",
        f"lag {_seconds(standing.lag_s)}",
        f"in views after {_seconds(standing.seen_s)}" if standing.views else "no views",
        f"last commit {commit:%H:%M:%S} UTC" if commit else "no commit yet",
        f"waiting: {_waiting(standing)}",
    ]
    return ", ".join(parts)


def troubles(runner: "Runner", told: dict[str, str], say: Any) -> None:
    """Say what has gone wrong since, what was mended, and objects that changed."""
    for standing in runner.standings:
        found: dict[str, PlatformError | None] = {standing.stream: standing.trouble}
        found |= {f"{standing.stream}, {v.name}": v.trouble for v in standing.views.values()}
        for where, error in found.items():
            text = error.render() if error else ""
            if text != told.get(where, ""):
                again = "" if standing.held else "\n  It is tried again."
                say(f"{where}: {text}{again}" if error else f"{where}: goes on.")
                told[where] = text
        while standing.changed:
            key, _ = standing.changed.popitem()
            say(f"{standing.stream}: {key} changed after it was admitted; it was not read again")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _waiting(standing: "StreamStanding") -> str:
    if not standing.waiting:
        return "nothing"
    return f"{standing.waiting:,} objects, {standing.waiting_bytes / 1e6:,.1f} MB"


def _views(standing: "StreamStanding") -> str:
    """How many views hold every committed epoch, of all."""
    views = standing.views.values()
    whole = sum(view.as_of is not None and view.as_of == standing.head for view in views)
    return f"{whole} of {len(views)} up to date" if views else "-"


@contextmanager
def display(runner: "Runner", every: float) -> Iterator[Shown]:
    """What fits standard error."""
    from rich.console import Console

    with os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1) as output:
        console = Console(file=output)
        if not console.is_terminal:
            yield Lines(runner, every, output)
            return
        from rich.live import Live

        with Live(console=console, auto_refresh=False) as live:
            yield Table(runner, live)
