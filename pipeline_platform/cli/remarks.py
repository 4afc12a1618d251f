"""What a person should know of a project's streams after a build."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.settings import Settings

if TYPE_CHECKING:
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.wiring import Platform

_SHOWN = 3
_UNFINISHED = (".tmp", ".part")
SNAPSHOTS = "snapshots/"
FIRST = "dg scaffold defs pipeline_platform.components.Stream sales/orders --file-format csv"


def remarks(here: "Platform", declared: "Declarations") -> Iterator[str]:
    """Streams to which nothing came, files that no stream sees, rows that were refused."""
    if not declared.tables:
        yield f"Nothing is declared yet. A first stream: `{FIRST}`"
    contracts = [stream.contract for _, stream in sorted(declared.streams.items())]
    empty = [contract for contract in contracts if _is_empty(here, contract)]
    for contract in empty:
        folder = here.settings.landing / contract.landing.prefix
        yield f"{contract.name}: nothing has landed yet; its files belong into {folder}/"
    if empty:
        yield from _strays(here.settings, contracts)
    for contract in contracts:
        yield from _refused(here, contract)
    if (here.settings.pages / "index.html").is_file():
        yield f"Charts: {here.settings.pages / 'index.html'}"


def _is_empty(here: "Platform", contract: StreamContract) -> bool:
    ledger = here.lake.table(contract.ledger)
    return not ledger.exists() or ledger.snapshot().num_rows == 0


def _strays(settings: Settings, contracts: Iterable[StreamContract]) -> Iterator[str]:
    """Files below the landing store that lie under no stream's prefix, or bear hidden names."""
    prefixes = (SNAPSHOTS, *(contract.landing.prefix for contract in contracts))
    files = (path for path in settings.landing.rglob("*") if path.is_file())
    keys = sorted(key for key in (_key(path, settings) for path in files) if key[0] not in "._")
    strays = [key for key in keys if not key.startswith(prefixes)]
    hidden = [key for key in keys if key not in strays and _is_hidden(key)]
    if strays:
        yield f"Files that lie under no stream's prefix: {_first(strays)}"
    if hidden:
        yield f"Files not seen, for their names are those of unfinished ones: {_first(hidden)}"


def _key(path: Path, settings: Settings) -> str:
    return path.relative_to(settings.landing).as_posix()


def _is_hidden(key: str) -> bool:
    return key.endswith(_UNFINISHED) or any(part[0] in "._" for part in key.split("/"))


def _first(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _refused(here: "Platform", contract: StreamContract) -> Iterator[str]:
    """The reasons for which rows are refused now, the most frequent first, with an example."""
    import polars as pl

    from pipeline_platform.lake.refused import visible

    table = here.lake.table(contract.refused)
    if not table.exists() or table.snapshot().num_rows == 0:
        return
    rows = visible(here.lake, contract.refused).of(table.snapshot())
    found = (
        rows.group_by("reason", "column")
        .agg(pl.len().alias("rows"), *(pl.col(n).first() for n in ("detail", "object", "offset")))
        .sort("rows", "reason", "column", descending=[True, False, False])
        .collect()
    )
    for row in found.head(_SHOWN).iter_rows(named=True):
        column = f" {row['column']}" if row["column"] else ""
        count = "1 row" if row["rows"] == 1 else f"{row['rows']:,} rows"
        yield (
            f"{contract.name}: {count} refused, {row['reason']}{column}: "
            f"{row['detail']} (first in {row['object']} at byte {row['offset']})"
        )
    if found.height:
        yield (
            f'{contract.name}: `query "SELECT * FROM {contract.refused}"` shows them all; mend '
            f"defs.yaml and `replay {contract.name}`, or land the mended rows under a new name."
        )
