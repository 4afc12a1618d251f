"""From checks in YAML to checks as values."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.names import check_name
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.model_attributes import Check
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.errors import DeclarationError, UnknownName

Kind = Literal["not_null", "unique", "accepted_values", "range", "reference", "expression"]
_REFERENCE = re.compile(r"\s*(\w+\.\w+)\s*\(\s*(\w+(?:\s*,\s*\w+)*)\s*\)\s*")


def checks_of(
    declared: Sequence[Check],
    table: DeclaredTable,
    tables: Mapping[str, DeclaredTable],
    place: Place,
) -> tuple[TableCheck, ...]:
    """Checks of a table; columns, tables and names are known or refused."""
    made: dict[str, TableCheck] = {}
    for index, check in enumerate(declared):
        where = place.at("checks", index)
        value = _value(check, where)
        _check_columns(value.columns, table, where)
        if value.references:
            _check_reference(value, tables, where)
        if value.name in made:
            raise DeclarationError(
                f"two checks are called {value.name!r}",
                where=where,
                known=", ".join(made),
                remedy="give this one a `name` of its own",
            )
        made[value.name] = value
    return tuple(made.values())


def stream_checks(contract: StreamContract) -> tuple[TableCheck, ...]:
    """What the contract promises of the accepted rows, counted again on the table."""
    required = tuple(c.name for c in contract.columns if not c.nullable)
    checks = [
        TableCheck("unique_event", "unique", ("_day", *contract.identity), blocking=True),
        *([TableCheck("not_null", "not_null", required, blocking=True)] if required else []),
    ]
    return (
        *checks,
        *(
            TableCheck(
                name=f"rule_{rule.name}",
                kind="expression",
                columns=(rule.column,) if rule.column else (),
                expression=rule.expression,
                severity="warn" if rule.on_fail == "warn" else "error",
            )
            for rule in contract.rules
        ),
    )


def _value(check: Check, where: str) -> TableCheck:
    kind, columns = cast(Kind, check.kind), _columns(check)
    name = check.name or "_".join([kind, *columns])
    if check.blocking and check.severity == "warn":
        raise DeclarationError(
            f"check {name!r} only warns, so it cannot block",
            where=where,
            known="blocking checks have severity `error`",
            remedy="remove `severity: warn` or `blocking: true`",
        )
    if kind == "expression" and not check.name:
        raise DeclarationError(
            "a check by expression has no name",
            where=where,
            known=f"expression: {check.expression}",
            remedy="say in a `name` what it holds, for example cancelled_are_flights",
        )
    bounds = check.range
    return TableCheck(
        name=check_name(name, kind="check", where=where),
        kind=kind,
        columns=columns,
        values=tuple(check.accepted_values.values) if check.accepted_values else (),
        minimum=_number(bounds.min, where) if bounds else None,
        maximum=_number(bounds.max, where) if bounds else None,
        references=check.reference.to if check.reference else "",
        expression=check.expression or "",
        blocking=check.blocking,
        severity=check.severity,
    )


def _columns(check: Check) -> tuple[str, ...]:
    if check.accepted_values:
        return (check.accepted_values.column,)
    if check.range:
        return (check.range.column,)
    if check.reference:
        return tuple(check.reference.columns)
    return tuple(check.not_null or check.unique or ())


def _number(bound: str | int | float | None, where: str) -> float | None:
    if isinstance(bound, str):
        raise DeclarationError(
            f"bound {bound!r} is not a number",
            where=where,
            known="a check by range compares numbers",
            remedy="write a check by expression for other types",
        )
    return bound


def _check_columns(columns: tuple[str, ...], table: DeclaredTable, where: str) -> None:
    for column in columns:
        if column not in table.types:
            raise UnknownName("column", column, table.types, where=where)


def _check_reference(check: TableCheck, tables: Mapping[str, DeclaredTable], where: str) -> None:
    match = _REFERENCE.fullmatch(check.references)
    if match is None:
        raise DeclarationError(
            f"{check.references!r} does not name columns of a table",
            where=where,
            known="a reference is written layer.table(column, ...)",
            remedy="write it so, for example warehouse.dim_carrier(carrier)",
        )
    if match[1] not in tables:
        raise UnknownName("table", match[1], tables, where=where)
    columns = tuple(c.strip() for c in match[2].split(","))
    for column in columns:
        if column not in tables[match[1]].types:
            raise UnknownName(f"column of {match[1]}", column, tables[match[1]].types, where=where)
    if len(columns) != len(check.columns):
        raise DeclarationError(
            f"{len(check.columns)} columns refer to {len(columns)}",
            where=where,
            known=f"{', '.join(check.columns)} to {check.references}",
            remedy="name as many columns on both sides",
        )
