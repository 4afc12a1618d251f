"""Commands on streams: admit what landed, replay and reprocess it."""

from typing import TYPE_CHECKING

import click
import msgspec

from pipeline_platform.cli.output import format_option, print_rows

if TYPE_CHECKING:
    from pipeline_platform.cli.progress import Progress as Shown
    from pipeline_platform.contracts.views import View
    from pipeline_platform.ingest.report import AdmissionReport, Progress
    from pipeline_platform.ingest.reprocess import Rebuilt
    from pipeline_platform.wiring import Platform

_ADMITTED = (
    "stream",
    "epochs",
    "landed",
    "replayed",
    "accepted",
    "duplicates",
    "refused",
    "warned",
    "accepted_in_total",
    "open_refusals",
)


@click.command()
@click.argument("stream", required=False)
@format_option
def admit(stream: str | None, style: str) -> None:
    """Admit everything that has landed, for STREAM or for every stream.

    Prints what this pass did and, in the last two columns, where the stream stands. The
    tables downstream follow at Dagster's next run of `raw/STREAM`. Objects that changed
    after they were admitted are named on standard error; they are not read again.
    """
    from pipeline_platform.cli.project import contracts
    from pipeline_platform.wiring import platform

    here = platform()
    reports = [here.admission(contract).run() for contract in contracts(stream)]
    _print(reports, style)


@click.command()
@click.argument("stream")
@click.option("--reason", "reasons", multiple=True, help="Only rows refused for this reason.")
@format_option
def replay(stream: str, reasons: tuple[str, ...], style: str) -> None:
    """Judge STREAM's refused rows again, under the contract as it is declared now.

    Rows that pass are accepted with their original event id; the others stay refused.
    """
    from pipeline_platform.cli.project import contracts
    from pipeline_platform.ingest.replay import replay as again
    from pipeline_platform.wiring import platform

    (contract,) = contracts(stream)
    _print([again(platform().admission(contract), reasons)], style)


@click.command()
@click.argument("stream")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option
def reprocess(stream: str, yes: bool, style: str) -> None:
    """Rebuild all rows of STREAM from raw, under the contract as it is declared now.

    Every epoch of the ledger is judged again beside the present rows, which answer until
    one commit swaps them; then the views follow. What lands meanwhile is rebuilt too. An
    interrupted run goes on where it stopped. Prints the rows before and after.
    """
    from pipeline_platform.cli.progress import progress
    from pipeline_platform.cli.project import contracts, declarations, root
    from pipeline_platform.ingest.reprocess import outlook
    from pipeline_platform.wiring import platform

    (contract,) = contracts(stream)
    here = platform()
    seen = outlook(here.admission(contract), here.store)
    changes = f"; {'; '.join(seen.changes)}" if seen.changes else ""
    click.echo(
        f"{stream}: {seen.last + 1:,} epochs, {seen.objects:,} objects, {seen.bytes:,} bytes "
        f"are judged again{changes}",
        err=True,
    )
    if not yes:
        click.confirm("Rebuild?", abort=True, err=True)
    with progress() as shown:
        shown.begin(f"rebuild {stream}")

        def tell(part: "Progress") -> None:
            share = part.objects / part.of if part.of else 1
            shown.part(int((part.epoch + share) * 1000), (seen.last + 1) * 1000)

        done = here.reprocess(contract, tell)
        shown.end(f"generation {done.generation}, to epoch {done.last}")
        for view in (each.view for each in declarations(root()).views.values()):
            if view.source == contract.accepted:
                _follow(here, view, shown)
    _print_rebuilt(done, style)


def _follow(here: "Platform", view: "View", shown: "Shown") -> None:
    shown.begin(f"rebuild view {view.name}")
    brought = here.bring_up(view)
    shown.end(f"as of epoch {brought.as_of}")


def _print_rebuilt(done: "Rebuilt", style: str) -> None:
    columns = ("stream", "rows", "landed", "accepted", "duplicates", "open_refusals")
    rows = [
        [done.stream, when, b.landed, b.accepted, b.duplicates, b.open_refusals]
        for when, b in (("before", done.before), ("after", done.after))
    ]
    print_rows(columns, rows, style)


def _print(reports: "list[AdmissionReport]", style: str) -> None:
    rows = []
    for report in reports:
        counts = msgspec.structs.asdict(report.accounting)
        rows.append(
            [
                report.stream,
                len(report.epochs),
                *(counts[name] for name in _ADMITTED[2:8]),
                report.total.accepted,
                report.total.open_refusals,
            ]
        )
        for key in report.changed:
            click.echo(
                f"{report.stream}: {key} changed after it was admitted; it was not read again",
                err=True,
            )
    print_rows(_ADMITTED, rows, style)
