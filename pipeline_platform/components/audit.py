"""The audit: a sample of a view recomputed, and what does not match."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

import dagster as dg
import msgspec

from pipeline_platform.contracts.stream import StreamContract

if TYPE_CHECKING:
    from pipeline_platform.ingest.verify import Found
    from pipeline_platform.views.proof import Mismatch
    from pipeline_platform.wiring import Platform

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


def audit_metadata(found: Audited, *, show: bool) -> dict[str, Any]:
    """What was looked at and found; the rows at fault only with `show`."""
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
