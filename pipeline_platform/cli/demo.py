"""Command: land a year of flights and weather and build every table."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline_platform.cli.output import format_option, print_rows
from pipeline_platform.cli.progress import Progress, progress
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    import dagster as dg

    from pipeline_platform.cli.materialize import State, Step
    from pipeline_platform.wiring import Platform


@click.command()
@format_option
def demo(style: str) -> None:
    """Land a year of real flights and weather, then build what is out of date.

    The whole graph is built in one Dagster run over all days. A second run changes
    nothing, and says so. Prints the rows of every table.
    """
    from pipeline_platform.wiring import platform

    started, here = time.monotonic(), platform()
    with progress() as shown:
        landed = _land(here, shown)
        built = _build(here, shown)
    if not landed and not built:
        click.echo(
            "Nothing has changed: every object is landed, every table is up to date.", err=True
        )
    columns, rows = _tables(here)
    print_rows(columns, rows, style)
    click.echo(_farewell(here, time.monotonic() - started), err=True)


def _land(here: "Platform", shown: Progress) -> int:
    """Land the demo's objects; how many were not there."""
    from pipeline_platform.cli.demo_data import land

    shown.begin("landing")
    landed = land(here.store, shown.part)
    shown.end(", ".join(f"{x.rows:,} {x.stream}" for x in landed))
    return sum(one.written for one in landed)


def _build(here: "Platform", shown: Progress) -> int:
    """Materialize what is out of date; how many assets that were."""
    from pipeline_platform.cli.project import definitions
    from pipeline_platform.components.instance import instance

    shown.begin("definitions")
    found = definitions()
    shown.end()
    shown.begin("Dagster's records")
    with instance() as opened:
        return _materialize(found, opened, here, shown)


def _materialize(
    found: "dg.Definitions", opened: "dg.DagsterInstance", here: "Platform", shown: Progress
) -> int:
    from pipeline_platform.cli.materialize import end_lost_runs, execute, recorded
    from pipeline_platform.cli.stale import batches, stale

    end_lost_runs(opened)
    assets = recorded(found.resolve_asset_graph(), opened, _state(here, opened))
    wanted = stale(assets)
    shown.end(f"{len(wanted)} of {len(assets)} assets are out of date")
    for batch in batches(assets, wanted):
        for step in execute(found, opened, batch):
            _tell(step, shown)
    return len(wanted)


def _tell(step: "Step", shown: Progress) -> None:
    """Show a step; Abort when it failed."""
    if step.kind == "started":
        shown.begin(step.name)
    elif step.kind == "done":
        shown.end()
    elif step.kind == "check":
        shown.say(f"         check {step.message} of {step.name} found rows; see the UI")
    else:
        raise Abort(
            f"{step.name} failed",
            where="demo",
            known=step.message,
            remedy="mend it and run the demo again; it goes on where it stopped",
        )


def _state(here: "Platform", opened: "dg.DagsterInstance") -> "Callable[[dg.AssetKey], State]":
    from pipeline_platform.cli.materialize import State
    from pipeline_platform.cli.project import contracts
    from pipeline_platform.components.arrivals import look
    from pipeline_platform.contracts.names import TableName

    streams = {str(contract.ledger): contract for contract in contracts()}

    def state(key: "dg.AssetKey") -> State:
        name = ".".join(key.path)
        contract = streams.get(name)
        pending = look(here, contract, opened).wanted if contract else False
        return State(here.lake.table(TableName.parse(name)).exists(), pending)

    return state


def _tables(here: "Platform") -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    """Every table with its rows."""
    from pipeline_platform.lake.catalog import tables

    return ("table", "rows"), [(t.name, t.rows) for t in tables(here.lake)]


def _farewell(here: "Platform", seconds: float) -> str:
    home = here.settings
    return (
        f"\nDone in {seconds:.0f} s. Landed objects: {home.landing}, tables: {home.lake}.\n"
        f'Ask:   {_tool("pipeline-platform")} query "SELECT * FROM mart.carrier_on_time"\n'
        f"Look:  {_tool('dg')} dev   opens the Dagster UI on http://127.0.0.1:3000"
    )


def _tool(name: str) -> str:
    """How to call an installed command from here: by name, or by path where that fails."""
    if shutil.which(name):
        return name
    path, here = Path(sys.prefix, "bin", name), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
