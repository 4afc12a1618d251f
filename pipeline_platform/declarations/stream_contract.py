"""From a stream's YAML to its contract."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline_platform.contracts.names import check_name
from pipeline_platform.contracts.stream import Column, Landing, Rule, StreamContract
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.stream_attributes import (
    ColumnRule,
    LandingAttributes,
    StreamAttributes,
    StreamColumn,
)
from pipeline_platform.declarations.values import Scalar, seconds
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.expressions import expression_type


def contract_of(attributes: StreamAttributes, name: str, place: Place) -> StreamContract:
    """The contract that the YAML declares; DeclarationError names the line at fault."""
    columns = tuple(_column(n, c, place) for n, c in attributes.columns.items())
    contract = StreamContract(
        name=check_name(name, kind="stream", where=place.at("name")),
        landing=_landing(attributes.landing, columns, place),
        columns=columns,
        start=attributes.start,
        event_id=tuple(attributes.event_id),
        event_time=attributes.event_time,
        end=attributes.end,
        skew_s=seconds(attributes.skew),
        unknown_fields=attributes.unknown_fields,
        rules=tuple(_rules(attributes, place)),
    )
    _check_days(attributes, place)
    _check_event_id(contract, place)
    _check_expressions(contract, place)
    return contract


def zone(name: str, where: str) -> str:
    """`name` itself; refuses what is not a zone of the tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeclarationError(
            f"unknown time zone {name!r}",
            where=where,
            known="zones of the tz database, such as UTC, Europe/Vienna or America/New_York",
            remedy="write the zone as Area/City",
        ) from None
    return name


def literal(value: Scalar, kind: DataType) -> str:
    """`value` as a Spark SQL literal to compare with a column of type `kind`."""
    if isinstance(value, str):
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return f"{kind.name.upper()} {quoted}" if kind.name in ("date", "timestamp") else quoted
    return repr(value)


def _column(name: str, column: StreamColumn, place: Place) -> Column:
    where = place.at("columns", name)
    if name.startswith("_"):
        raise DeclarationError(
            f"column {name!r} begins with an underscore",
            where=where,
            known="such names are kept for the columns that the platform adds",
            remedy=f"name it {name.lstrip('_')!r} and give the field's name as `source: {name}`",
        )
    return Column(
        name=check_name(name, kind="column", where=where),
        type=str(DataType.parse(column.type, where=place.at("columns", name, "type"))),
        nullable=column.nullable,
        description=column.description,
        personal=column.personal,
        source=column.source,
        format=column.format,
        zone=zone(column.zone, place.at("columns", name, "zone")) if column.zone else "",
    )


def _landing(landing: LandingAttributes, columns: tuple[Column, ...], place: Place) -> Landing:
    if (landing.format == "text") != bool(landing.pattern):
        raise DeclarationError(
            "`pattern` belongs to the format `text`, which needs it",
            where=place.at("landing"),
            known=f"format {landing.format!r}, pattern {landing.pattern!r}",
            remedy="give both `format: text` and `pattern`, or neither",
        )
    if landing.pattern:
        _check_pattern(landing.pattern, columns, place.at("landing", "pattern"))
    fields = landing.model_dump(exclude={"settle", "null_values"})
    return Landing(
        **fields, settle_s=seconds(landing.settle), null_values=tuple(landing.null_values)
    )


def _check_pattern(pattern: str, columns: tuple[Column, ...], where: str) -> None:
    groups = set(_compiled(pattern, where).groupindex)
    for column in columns:
        if column.field not in groups:
            raise UnknownName("group of the pattern", column.field, groups, where=where)


def _compiled(pattern: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise DeclarationError(
            f"{pattern!r} is not a regular expression: {error}",
            where=where,
            known="the syntax of Python's re, without lookbehind across rows",
            remedy="mend the expression; quote it in YAML with single quotes",
        ) from None


def _rules(attributes: StreamAttributes, place: Place) -> Iterator[Rule]:
    seen: set[str] = set()
    for name, column in attributes.columns.items():
        kind = DataType.parse(column.type)
        for index, rule in enumerate(column.rules):
            where = place.at("columns", name, "rules", index)
            made = Rule(
                name=rule.name or f"{name}_{_kind(rule)}",
                expression=_condition(name, rule, kind, where),
                on_fail=rule.on_fail,
                column=name,
            )
            yield _unseen(made, seen, where)
    for index, row in enumerate(attributes.rules):
        yield _unseen(Rule(row.name, row.expression, row.on_fail), seen, place.at("rules", index))


def _unseen(rule: Rule, seen: set[str], where: str) -> Rule:
    check_name(rule.name, kind="rule", where=where)
    if rule.name in seen:
        raise DeclarationError(
            f"two rules are called {rule.name!r}",
            where=where,
            known=", ".join(sorted(seen)),
            remedy="give this one a `name` of its own",
        )
    seen.add(rule.name)
    return rule


def _kind(rule: ColumnRule) -> str:
    kinds = ("range", "accepted_values", "pattern")
    return next(kind for kind in kinds if getattr(rule, kind) is not None)


def _condition(name: str, rule: ColumnRule, kind: DataType, where: str) -> str:
    if rule.pattern is not None:
        _compiled(rule.pattern, where)
        return f"{name} RLIKE {literal(f'^(?:{rule.pattern})$', DataType('string'))}"
    if rule.accepted_values is not None:
        return f"{name} IN ({', '.join(literal(v, kind) for v in rule.accepted_values)})"
    assert rule.range is not None
    bounds = ((">=", rule.range.min), ("<=", rule.range.max))
    return " AND ".join(f"{name} {sign} {literal(b, kind)}" for sign, b in bounds if b is not None)


def _check_days(attributes: StreamAttributes, place: Place) -> None:
    if attributes.end and attributes.end <= attributes.start:
        raise DeclarationError(
            f"the stream ends on {attributes.end} before its first day is over",
            where=place.at("end"),
            known=f"start is {attributes.start}; `end` is the first day after the last",
            remedy="give a later `end`, or none for a stream that goes on",
        )
    if attributes.end and attributes.freshness:
        raise DeclarationError(
            "a closed stream cannot be fresh",
            where=place.at("freshness"),
            known=f"it ends on {attributes.end}",
            remedy="remove `freshness`, or `end`",
        )


def _check_event_id(contract: StreamContract, place: Place) -> None:
    for index, name in enumerate(contract.event_id):
        where = place.at("event_id", index)
        names = [c.name for c in contract.columns]
        if name not in names:
            raise UnknownName("column", name, names, where=where)
        if contract.column(name).nullable:
            raise DeclarationError(
                f"column {name!r} of the event id may be null",
                where=where,
                known="rows are told apart by all columns of the id",
                remedy=f"declare {name!r} with `nullable: false`, or leave it out of the id",
            )


def _check_expressions(contract: StreamContract, place: Place) -> None:
    types = {column.name: column.data_type for column in contract.columns}
    positions = {column.name: 0 for column in contract.columns}
    rows = 0
    for rule in contract.rules:
        if rule.column:
            where = place.at("columns", rule.column, "rules", positions[rule.column])
            positions[rule.column] += 1
        else:
            where, rows = place.at("rules", rows, "expression"), rows + 1
        _expect(rule.expression, "boolean", types, where)
    if contract.event_time:
        _expect(contract.event_time, "timestamp", types, place.at("event_time"))


def _expect(text: str, kind: str, types: dict[str, DataType], where: str) -> None:
    found = expression_type(text, types, where=where)
    if found.name != kind:
        raise DeclarationError(
            f"{text!r} is a {found}",
            where=where,
            known=f"a {kind} is wanted here",
            remedy=f"write an expression whose type is {kind}",
        )
