"""The audit: a sample of every view recomputed, and the mismatches as a check."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

import dagster as dg
import msgspec

from pipeline_platform.components.resource import PlatformResource, reported
from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.view_declared import DeclaredView

if TYPE_CHECKING:
    from pipeline_platform.ingest.verify import Found
    from pipeline_platform.views.proof import Mismatch
    from pipeline_platform.wiring import Platform

NAME = "audit"
DAYS = 3
OBJECTS = 5
_SHOWN = 10


@dataclass(frozen=True)
class Audited:
    """What an audit looked at, and what was wrong: groups of the answer, rows of the stream."""

    days: tuple[date, ...]
    objects: int
    groups: "list[Mismatch]"
    rows: "list[Found]"

    @property
    def mismatches(self) -> int:
        """Groups and rows that are not what they should be."""
        return len(self.groups) + sum(found.rows for found in self.rows)


def audit(
    platform: "Platform",
    contract: StreamContract,
    view: str,
    random: Random,
    *,
    days: int = DAYS,
    objects: int = OBJECTS,
) -> Audited:
    """Recompute some days of the view from accepted rows, and some objects' rows from raw."""
    from pipeline_platform.ingest.sample import sample

    admission = platform.admission(contract)
    proof = platform.proof(view)
    chosen = sorted(random.sample(proof.days, min(days, len(proof.days))))
    groups = [mismatch for day in chosen for mismatch in proof.of_day(day)]
    taken = min(objects, admission.tables.committed() + 1)
    return Audited(tuple(chosen), taken, groups, sample(admission, objects, random))


def audit_check(declared: DeclaredView, contract: StreamContract) -> dg.AssetChecksDefinition:
    """The check `audit` of a view; other days and objects at every run."""
    personal = any(column.personal for column in declared.view.columns)

    @dg.asset_check(
        asset=key_of(declared.view.table),
        name=NAME,
        description=f"{DAYS} days recomputed from accepted rows, the rows of {OBJECTS} objects "
        "from raw: no mismatch.",
    )
    def audited(
        context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> dg.AssetCheckResult:
        with reported():
            found = audit(
                platform.platform(), contract, declared.view.name, Random(context.run.run_id)
            )
        return dg.AssetCheckResult(
            passed=found.mismatches == 0, metadata=_metadata(found, show=not personal)
        )

    return audited


def _metadata(found: Audited, *, show: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "mismatches": found.mismatches,
        "days": ", ".join(map(str, found.days)),
        "objects": found.objects,
    }
    if found.groups and show:
        some = [_plain(mismatch) for mismatch in found.groups[:_SHOWN]]
        shown["groups"] = dg.MetadataValue.json(some)
    if found.rows:
        shown["rows"] = dg.MetadataValue.json([_plain(row) for row in found.rows[:_SHOWN]])
    return shown


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str))
