"""Command: the real-time path, as a process that runs until it is told to stop."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Literal

import click

from pipeline_platform.errors import Abort, LeaseHeld, UnknownName

if TYPE_CHECKING:
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.engine.engine import Lender
    from pipeline_platform.speed.parts import Listener
    from pipeline_platform.speed.runner import Runner
    from pipeline_platform.wiring import Platform

Held = Literal["fail", "wait", "skip"]
_MEANWHILE = {"wait": "waiting for it", "skip": "left out"}
WHAT = "pipeline-platform stream"
_WAIT_S, _TICK_S = 1.0, 0.5


@click.command()
@click.argument("streams", nargs=-1, metavar="[STREAM]...")
@click.option("--every", default=10.0, show_default=True, help="Seconds between two lines.")
@click.option("--once", is_flag=True, help="Admit and fold what is there, then end.")
@click.option("--no-dagster", is_flag=True, help="Tell Dagster nothing.")
@click.option(
    "--held",
    type=click.Choice(["fail", "wait", "skip"]),
    default="fail",
    show_default=True,
    help="What to do about a stream that another process runs.",
)
def stream(
    streams: tuple[str, ...], every: float, once: bool, no_dagster: bool, held: Held
) -> None:
    """Admit what lands, as it lands, and fold it into the views of STREAM, or of every stream.

    Runs until SIGTERM or Ctrl-C; then it ends what it has begun and exits 0. Killed, it goes
    on where it stopped when it is started again. Sensors, schedules and backfills may run
    beside it. Exits 1 with --once when something could not be admitted or folded.
    """
    from pipeline_platform.cli.project import declarations, root
    from pipeline_platform.wiring import platform

    stop, folder = Event(), root()
    declared, here = declarations(folder), platform()
    with ExitStack() as stack:
        stack.callback(here.lasting.close)
        stack.enter_context(until_told(stop, here.lasting))
        take = partial(_take, stack, here, held, stop, tells=not no_dagster)
        names = [name for name in _chosen(declared, streams) if take(name)]
        tell = None if no_dagster else _dagster(stack, here, declared, names)
        runner = assembled(here, declared, names, stop, tell, once)
        _run(runner, stop, every, once)
    if once and (troubles := [t for standing in runner.standings for t in standing.troubles]):
        raise troubles[0]
    click.echo("Stopped; all that was begun is committed." if stop.is_set() else "Done.", err=True)


def _chosen(declared: "Declarations", streams: Sequence[str]) -> list[str]:
    for name in streams:
        if name not in declared.streams:
            raise UnknownName("stream", name, declared.streams)
    return sorted(streams or declared.streams)


def _take(
    stack: ExitStack, here: "Platform", held: Held, stop: Event, name: str, *, tells: bool
) -> bool:
    """Whether the stream is ours now, for as long as `stack` is open."""
    told = False
    while not stop.is_set():
        try:
            lease = here.leases.take(name, WHAT, tells=tells)
        except LeaseHeld as error:
            if held == "fail":
                raise Abort(
                    f"stream {name} runs already",
                    where=error.where,
                    known=error.known,
                    remedy="end that process, or call with --held wait or --held skip",
                ) from None
            if not told:
                click.echo(f"{name} is held by {error.known}: {_MEANWHILE[held]}.", err=True)
            if held == "skip":
                return False
            told = True
            stop.wait(_WAIT_S)
            continue
        stack.callback(lease.release)
        return True
    return False


def _dagster(
    stack: ExitStack, here: "Platform", declared: "Declarations", names: Sequence[str]
) -> "Listener":
    from pipeline_platform.components.stream_report import reporting

    return stack.enter_context(reporting(here, declared, names))


def assembled(
    here: "Platform",
    declared: "Declarations",
    names: Sequence[str],
    stop: Event,
    tell: "Listener | None",
    once: bool,
) -> "Runner":
    from pipeline_platform.speed.runner import Runner

    views = [found.view for found in declared.views.values() if found.view.paths != "batch"]
    lanes = [
        here.lane(
            declared.streams[name].contract,
            [view for view in views if view.stream == name],
            stop=stop,
            tell=tell,
            once=once,
        )
        for name in names
    ]
    return Runner(lanes, stop=stop, watch=None if once else here.watch)


def _run(runner: "Runner", stop: Event, every: float, once: bool) -> None:
    from pipeline_platform.cli.stream_display import display

    runner.start()
    with display(runner, every) as shown:
        while runner.running() and not stop.is_set():
            shown()
            stop.wait(_TICK_S)
        runner.finish()
        shown(last=True)


@contextmanager
def until_told(stop: Event, lender: "Lender") -> Iterator[None]:
    """Set `stop` at SIGTERM and SIGINT; a second one ends the process at once.

    The engine is started first, and fails here if it must: Sail in this process ends at
    SIGINT by a handler of its own, which ours replaces only where it is set later.
    """
    with lender.lent() as engine:
        engine.collect(engine.sql("SELECT 1"))

    def told(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            sys.exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
