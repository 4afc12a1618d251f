"""How a model is cut into days, and which days of its inputs a day reads."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.model_source import ModelSource
from pipeline_platform.declarations.stream_contract import zone
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.errors import DeclarationError, UnknownName

PARAMETERS = frozenset({"start", "end"})


def partitioning_of(
    source: ModelSource,
    columns: tuple[TableColumn, ...],
    inputs: Iterable[str],
    tables: Mapping[str, DeclaredTable],
    parameters: frozenset[str] | None,
) -> Partitioning | None:
    said, place = source.attributes.partition, source.place
    if said is None:
        return None
    column = next((c for c in columns if c.name == said.column), None)
    where = place.at("partition", "column")
    if column is None:
        raise UnknownName("column", said.column, [c.name for c in columns], where=where)
    if column.type != "date":
        raise DeclarationError(
            f"partition column {said.column!r} is a {column.type}",
            where=where,
            known="tables are cut into days, so the column is a date",
            remedy=f"make it a date in the SQL, for example to_date({said.column})",
        )
    if parameters is not None and not parameters >= PARAMETERS:
        raise DeclarationError(
            f"{source.table} is cut into days but does not read its window",
            where=source.shown,
            known="parameters: " + (", ".join(f":{p}" for p in sorted(parameters)) or "none"),
            remedy="restrict the SQL to the days from :start (inclusive) to :end (exclusive)",
        )
    made_zone = zone(said.timezone, place.at("partition", "timezone"))
    spans = [_span(tables[t].partitioning, made_zone) for t in inputs if tables[t].partitioning]
    if not spans and said.start is None:
        raise DeclarationError(
            f"{source.table} has no first day",
            where=place.at("partition"),
            known="none of its inputs is cut into days",
            remedy="declare `start` under `partition`",
        )
    ends = [end for _, end in spans]
    open_end = None in ends or not ends
    latest = None if open_end else max(end for end in ends if end)
    return Partitioning(
        column=said.column,
        start=said.start or min(start for start, _ in spans),
        end=said.end or latest,
        zone=made_zone,
    )


def _span(upstream: Partitioning | None, own: str) -> tuple[date, date | None]:
    assert upstream is not None
    first = _local(upstream.start, upstream.zone, own)
    if upstream.end is None:
        return first, None
    return first, _local(upstream.end, upstream.zone, own, -1) + timedelta(days=1)


def _local(day: date, theirs: str, own: str, seconds: int = 0) -> date:
    instant = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(theirs))
    return (instant + timedelta(seconds=seconds)).astimezone(ZoneInfo(own)).date()


def days_read(
    table: str,
    attributes: ModelAttributes,
    own: Partitioning | None,
    upstream: Partitioning | None,
) -> tuple[int, int]:
    said = attributes.inputs.get(table)
    if said is not None and (attributes.inputs[table].model_fields_set or own is None):
        return said.days_before, said.days_after
    return spanned(own, upstream) if own and upstream else (0, 0)


def spanned(own: Partitioning, upstream: Partitioning) -> tuple[int, int]:
    """How many days of the input before and after the same date a local day reaches into."""
    if own.zone == upstream.zone:
        return 0, 0
    before = after = 0
    for n in range(0, 731, 7):
        day = own.start + timedelta(days=n)
        first = _local(day, own.zone, upstream.zone)
        last = _local(day + timedelta(days=1), own.zone, upstream.zone, -1)
        before, after = max(before, (day - first).days), max(after, (last - day).days)
    return before, after
