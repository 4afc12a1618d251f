"""Replay: refused rows are judged again under the mended contract, as a new epoch."""

from collections.abc import Collection

from pipeline_platform.contracts.epochs import PlannedObject
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import Abort, UnknownName
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.refusals import replayable
from pipeline_platform.ingest.report import AdmissionReport, Report, silent


def replay(
    admission: Admission, reasons: Collection[str] = (), report: Report = silent
) -> AdmissionReport:
    """Admit the open refusals (of these reasons, or all) again; what fails stays refused.

    Raises UnknownName for a reason that does not exist, and Abort when the contract now
    cuts objects into rows differently, so that ordinals would name other rows.
    """
    for reason in reasons:
        if reason not in {known.value for known in Reason}:
            raise UnknownName("reason", reason, [known.value for known in Reason])

    def choose() -> tuple[PlannedObject, ...]:
        objects = replayable(admission.lake, admission.tables, reasons)
        for epoch in sorted({planned.origin[0] for planned in objects if planned.origin}):
            _same_framing(admission, epoch)
        return objects

    return admission.replay(choose, report)


def _same_framing(admission: Admission, epoch: int) -> None:
    plan = admission.tables.ledger.plans(epoch, epoch)[0]
    generation = admission.tables.generation()
    before = admission.registry.contract(plan, generation).landing
    now = admission.contract.landing
    if (before.format, before.quote, before.max_row_bytes) != (
        now.format,
        now.quote,
        now.max_row_bytes,
    ):
        raise Abort(
            f"refused rows of epoch {epoch} cannot be replayed: rows are cut differently now",
            where=f"stream {admission.contract.name}",
            known=f"format {before.format}, quote {before.quote!r}, max_row_bytes "
            f"{before.max_row_bytes}; now {now.format}, {now.quote!r}, {now.max_row_bytes}",
            remedy="keep format, quote and max_row_bytes, or land the rows again",
        )
