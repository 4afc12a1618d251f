"""Command: admit what landed, take snapshots, build what is out of date."""

import time
from collections.abc import Callable, Collection
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from pipeline_platform.cli.output import format_option, print_rows
from pipeline_platform.cli.progress import Progress, progress
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    import dagster as dg

    from pipeline_platform.cli.graph import Graph
    from pipeline_platform.cli.materialize import Step
    from pipeline_platform.cli.stale import Partition
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.wiring import Platform

UNCHANGED = "Nothing has changed: every table is up to date"


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@format_option
def build(tables: tuple[str, ...], style: str) -> None:
    """Build what is out of date: everything, or each TABLE with all that it is computed from.

    Admits what landed, takes a snapshot of every operational table, and builds the days whose
    inputs or SQL changed, in as few Dagster runs as possible. Prints the rows of every table.
    Exits 1 if something could not be built or a check with severity error found rows; what
    does not depend on it is built all the same. Run it again at any time.
    """
    from pipeline_platform.cli.project import declarations, definitions, root
    from pipeline_platform.cli.remarks import remarks
    from pipeline_platform.wiring import platform

    started, folder, here = time.monotonic(), root(), platform()
    with progress() as shown:
        shown.begin("definitions")
        declared, found = declarations(folder), definitions(folder)
        shown.end(f"{len(declared.tables)} tables")
        outcome = bring_up_to_date(found, declared, here, shown, tables, folder)
    show(here, style)
    for line in remarks(here, declared):
        click.echo(line, err=True)
    outcome.refuse_failures()
    changed = f"{outcome.built} assets built" if outcome.built else UNCHANGED
    click.echo(f"{changed}, in {time.monotonic() - started:.0f} s.", err=True)


class Outcome(Struct, frozen=True):
    """What a build did: how many assets it built, which steps and checks failed."""

    built: int
    failures: tuple[str, ...]

    def refuse_failures(self) -> None:
        """Abort if something failed."""
        if self.failures:
            raise Abort(
                f"not all could be built: {len(self.failures)} failed",
                known="; ".join(self.failures),
                remedy="mend what is said above and build again; it goes on where it stopped",
            )


def bring_up_to_date(
    found: "dg.Definitions",
    declared: "Declarations",
    here: "Platform",
    shown: Progress,
    selection: Collection[str] = (),
    folder: Path | None = None,
) -> Outcome:
    """Build what is out of date of `selection` and its inputs, or of all."""
    from pipeline_platform.cli.graph import Graph
    from pipeline_platform.cli.materialize import end_lost_runs
    from pipeline_platform.components.instance import instance

    shown.begin("Dagster's records")
    with instance(folder) as opened:
        end_lost_runs(opened)
        graph = Graph(found, declared, here, opened, selection)
        shown.end()
        return Build(graph, shown).run()


class Build:
    """One pass over the graph: snapshots first, for nobody else knows what they will bring."""

    def __init__(self, graph: "Graph", shown: Progress) -> None:
        self._graph, self._shown = graph, shown
        self._failures: list[str] = []
        self._broken: set[str] = set()
        self._made: set[str] = set()

    def run(self) -> Outcome:
        """Build all that does not lie below a failure."""
        snapshots = self._graph.snapshots()
        if snapshots:
            before = self._graph.since(snapshots)
            self._execute(snapshots)
            after = self._graph.since(snapshots)
            if all(after[name] == before[name] for name in snapshots if name[:4] != "raw/"):
                self._made -= snapshots.keys()
        for batch in self._graph.stale(without={*snapshots}):
            self._execute(batch)
        return Outcome(len(self._made), tuple(self._failures))

    def _execute(self, batch: "dict[str, frozenset[Partition]]") -> None:
        from pipeline_platform.cli.materialize import execute

        below = self._graph.below(self._broken)
        wanted = {name: days for name, days in batch.items() if name not in below}
        if not wanted:
            return
        made = set()
        for step in execute(self._graph.definitions, self._graph.instance, wanted):
            if step.kind == "made":
                made.add(step.name)
            else:
                self._tell(step)
        self._made |= made
        self._broken |= wanted.keys() - made

    def _tell(self, step: "Step") -> None:
        told: dict[str, Callable[[Step], None]] = {
            "started": lambda s: self._shown.begin(s.name),
            "done": lambda s: self._shown.end(),
            "failed": self._failed,
            "warned": lambda s: self._shown.say(f"         warns: {_checked(s)}"),
            "refused": self._refused,
            "blocked": self._refused,
        }
        told[step.kind](step)

    def _failed(self, step: "Step") -> None:
        if step.message:
            self._failures.append(step.name)
            self._shown.end("failed")
            self._shown.say(indent(step.message, " " * 9))

    def _refused(self, step: "Step") -> None:
        self._failures.append(_checked(step))
        self._shown.say(f"         failed: {_checked(step)}")
        if step.kind == "blocked":
            self._broken.add(step.name)


def _checked(step: "Step") -> str:
    return f"check of {step.name}: {step.message}"


def show(here: "Platform", style: str) -> None:
    """Print every table with its rows; the answer of a view is computed when read."""
    from pipeline_platform.models.listing import tables

    uncounted = "when read" if style == "table" else None
    rows = [
        (t.name, uncounted if t.rows is None else t.rows)
        for t in tables(here.lake)
        if not t.name.endswith("__standing")
    ]
    print_rows(("table", "rows"), rows, style)
