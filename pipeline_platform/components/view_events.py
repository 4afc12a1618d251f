"""What Dagster is told of a view: how far it has come, what is late, what is settled."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.specs import key_of
from pipeline_platform.declarations.view_declared import DeclaredView

if TYPE_CHECKING:
    from pipeline_platform.views.reading import Standing

AS_OF, LATE, CUT = "as of epoch", "late rows", "batch cut"


def view_event(declared: DeclaredView, standing: "Standing") -> dg.AssetMaterialization:
    """The materialization of the answer by whoever brought the view up outside of a run."""
    return dg.AssetMaterialization(
        asset_key=key_of(declared.table.name),
        metadata=standing_metadata(standing),
        tags={
            "dagster/data_version": data_version(declared, standing),
            "dagster/code_version": declared.table.code_version,
        },
    )


def day_event(declared: DeclaredView, day: date, standing: "Standing") -> dg.AssetMaterialization:
    """The materialization of one settled day outside of its own run."""
    assert declared.batch is not None
    return dg.AssetMaterialization(
        asset_key=key_of(declared.batch.name),
        partition=day.isoformat(),
        metadata=day_metadata(day, standing),
        tags={
            "dagster/data_version": batch_version(declared, standing.cuts.get(day)),
            "dagster/code_version": declared.batch.code_version,
        },
    )


def data_version(declared: DeclaredView, standing: "Standing") -> str:
    """Changes with the definition and with every epoch that the answer holds."""
    return f"{declared.view.code_version}-{standing.generation}-{standing.as_of}"


def batch_version(declared: DeclaredView, cut: int | None) -> str:
    """Changes with the definition and with the cut at which a day is settled."""
    return f"{declared.view.code_version}-{'empty' if cut is None else cut}"


def standing_metadata(standing: "Standing") -> dict[str, Any]:
    """How far the answer has come, in the UI's words."""
    late = {day: rows for day, rows in standing.late.items() if rows}
    found: dict[str, Any] = {
        AS_OF: standing.as_of,
        LATE: sum(late.values()),
        "days with late rows": len(late),
        "generation": standing.generation,
    }
    if standing.cuts:
        found |= {CUT: min(standing.cuts.values()), "settled days": len(standing.cuts)}
    return found


def day_metadata(day: date, standing: "Standing") -> dict[str, Any]:
    """The cut of a day, and what has come to it since."""
    cut = standing.cuts.get(day)
    return {LATE: standing.late.get(day, 0), **({} if cut is None else {CUT: cut})}


def late_days(standing: "Standing", known: Iterable[date]) -> list[date]:
    """Those of the `known` days to which rows came after they were settled, or never were."""
    wanted = set(known)
    return sorted(day for day, rows in standing.late.items() if rows and day in wanted)
