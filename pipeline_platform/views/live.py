"""The live pointer: which definition and which states answer a view now."""

from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import polars as pl
from msgspec import Struct

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import View
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.snapshot import Snapshot

LIVE = "live"  # application: the number of the definition that answers
SUFFIX = "__live"
SCHEMA = arrow_schema(
    [
        ("number", "bigint", False),
        ("view", "string", False),
        ("generation", "bigint", False),
        ("states", "string", False),
    ],
    {
        "number": "counts the swaps, from 1",
        "view": "the definition, as JSON",
        "generation": "generation of the accepted rows",
        "states": "table of its states",
    },
)

_newest: "WeakKeyDictionary[Snapshot, Live | None]" = WeakKeyDictionary()


class Live(Struct, frozen=True):
    """The definition number `number` of a view, and the table of its states."""

    number: int
    view: View
    generation: int
    states: TableName


def live(lake: Lake, name: str, number: int | None = None) -> Live | None:
    """What answers the view `name` now, or what was live as `number`; None where nothing is."""
    table = lake.table(_table(name))
    if not table.exists():
        return None
    snapshot = table.snapshot()
    newest = snapshot.transaction_version(LIVE)
    if newest is None:
        return None
    if number is not None and number != newest:
        return _row_of(snapshot, number)
    if snapshot not in _newest:
        _newest[snapshot] = _row_of(snapshot, newest)
    return _newest[snapshot]


def _row_of(snapshot: Snapshot, number: int) -> Live | None:
    found = snapshot.frame(between={"number": (number, number)}).collect()
    return _live(found.row(0, named=True)) if found.height else None


def require_live(lake: Lake, name: str) -> Live:
    """What is live of the view; CommitConflict while nothing is."""
    found = live(lake, name)
    if found is None:
        raise CommitConflict(
            "the view is not live yet",
            where=f"serving.{name}",
            known="no definition of it was brought up",
            remedy="bring it up first",
        )
    return found


def swap(lake: Lake, view: View, generation: int, *, after: int) -> Live:
    """Let `view` over this generation answer from now on, as the number that follows `after`.

    `after` is the number that is live (0: none). Raises CommitConflict when it no longer is.
    """
    table = lake.table(view.live)
    table.ensure(SCHEMA, None, f"Definitions of {view.table} that were live, the last one now.")
    made = Live(after + 1, view, generation, view.states(generation))
    with table.stage(SCHEMA) as staging:
        staging.write(_row(made))
        files = staging.finish()
    commit = table.append(files, transaction=(LIVE, made.number), after=after or None)
    if commit.already:
        raise CommitConflict(
            f"definition {made.number} went live meanwhile",
            where=str(view.table),
            known=f"{after} was live when this one began",
            remedy="look again at what is live",
        )
    return made


def views(lake: Lake) -> list[str]:
    """Names of the views that are live or were, in order."""
    return [
        name.name.removesuffix(SUFFIX)
        for name in lake.names()
        if name.layer == "serving" and name.name.endswith(SUFFIX)
    ]


def _table(name: str) -> TableName:
    return TableName("serving", f"{name}{SUFFIX}")


def _row(made: Live) -> pl.DataFrame:
    row = {
        "number": made.number,
        "view": msgspec.json.encode(made.view).decode(),
        "generation": made.generation,
        "states": str(made.states),
    }
    return pl.DataFrame([row], schema=empty_frame(SCHEMA).schema, orient="row")


def _live(row: dict[str, Any]) -> Live:
    view = msgspec.json.decode(row["view"], type=View)
    return Live(row["number"], view, row["generation"], TableName.parse(row["states"]))
