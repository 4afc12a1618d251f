"""Command: land a year of flights and weather and build every table."""

import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline_platform.cli.output import format_option
from pipeline_platform.cli.progress import Progress, progress
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform

_SHARE = click.FloatRange(0, 1)


@click.command()
@format_option
@click.option("--live", is_flag=True, help="Replay one day as it happened, with a live page.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2013-07-10",
    show_default=True,
    help="With --live: the UTC day of 2013.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 100_000),
    default=600.0,
    show_default=True,
    help="With --live: seconds of the day in one second.",
)
@click.option(
    "--late",
    type=_SHARE,
    default=0.02,
    show_default=True,
    help="With --live: share of late events.",
)
@click.option(
    "--repeats",
    type=_SHARE,
    default=0.02,
    show_default=True,
    help="With --live: share of events sent twice.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="With --live: where the pages are.",
)
def demo(
    style: str,
    live: bool,
    day: datetime,
    speed: float,
    late: float,
    repeats: float,
    port: int,
) -> None:
    """Land a year of real flights and weather, then build what is out of date.

    The whole graph is built in one Dagster run over all days. A second run changes
    nothing, and says so. Prints the rows of every table.

    With --live one day is sent in a folder of its own below the home, an object now and
    then, while its views are folded and served; at the end the batch settles them, and
    answers before and after are compared.
    """
    if live:
        from pipeline_platform.cli.demo_live import Replay, replay

        _not_among_others(_here())
        return replay(Replay(day.date(), speed, late, repeats, port, stay=sys.stderr.isatty()))
    return _year(style)


def _here() -> "Platform":
    from pipeline_platform.wiring import platform

    return platform()


def _year(style: str) -> None:
    """Land the year, build, print."""
    from pipeline_platform.cli.build import UNCHANGED, bring_up_to_date, show
    from pipeline_platform.cli.project import OWN, declarations, definitions

    started, here = time.monotonic(), _here()
    _not_among_others(here)
    with progress() as shown:
        landed = _land(here, shown)
        shown.begin("definitions")
        declared, found = declarations(OWN), definitions(OWN)
        shown.end()
        outcome = bring_up_to_date(found, declared, here, shown)
    if not landed and not outcome.built:
        click.echo(f"{UNCHANGED}.", err=True)
    show(here, style)
    outcome.refuse_failures()
    click.echo(_farewell(here, time.monotonic() - started), err=True)


def _not_among_others(here: "Platform") -> None:
    """Abort where the demo's tables would lie among those of somebody's project."""
    from pipeline_platform.cli.project import is_own
    from pipeline_platform.settings import project

    found = project()
    if found and not is_own(found) and here.settings.home.is_relative_to(found):
        raise Abort(
            "the demo would put its tables among those of your project",
            where=str(found),
            known=f"data rests in {here.settings.home}",
            remedy="run the demo in another folder; here, `pipeline-platform build` is yours",
        )


def _land(here: "Platform", shown: Progress) -> int:
    """Land the demo's objects and make its database; how many objects were not there."""
    from pipeline_platform.cli.demo_data import land
    from pipeline_platform.cli.demo_tables import make_database

    shown.begin("landing")
    landed = land(here.store, shown.part)
    rows = {one.stream: one.rows for one in landed} | make_database(here.settings.home)
    shown.end(", ".join(f"{count:,} {name}" for name, count in rows.items()))
    return sum(one.written for one in landed)


def _farewell(here: "Platform", seconds: float) -> str:
    from pipeline_platform.settings import project

    home = here.settings
    lines = [
        f"\nDone in {seconds:.0f} s. Landed objects: {home.landing}, tables: {home.lake}.",
        f'Ask:   {_tool("pipeline-platform")} query "SELECT * FROM mart.carrier_on_time"',
        f"Read:  {home.pages / 'index.html'}   the charts, in a browser",
        f"Watch: {_tool('pipeline-platform')} demo --live   a day replayed on a live page",
    ]
    if project():
        lines.append(f"Look:  {_tool('dg')} dev   opens the Dagster UI on http://127.0.0.1:3000")
    else:
        lines.append(
            f"Make:  {_tool('pipeline-platform')} init my_platform   a project of your own"
        )
    return "\n".join(lines)


def _tool(name: str) -> str:
    """How to call an installed command from here: by name, or by path where that fails."""
    if shutil.which(name):
        return name
    path, here = Path(sys.prefix, "bin", name), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
