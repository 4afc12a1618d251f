"""Asked rows as a statement, for answers that are not held in memory."""

from collections.abc import Sequence

from pipeline_platform.contracts.types import DataType
from pipeline_platform.engine.engine import Parameter
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.asked import Asked, Condition

_UNORDERED = ("array", "struct", "binary")


def statement(
    about: About, relation: str, asked: Asked, offset: int, most: int
) -> tuple[str, dict[str, Parameter]]:
    """A SELECT over `relation` and its parameters; rows in the order that memory gives them."""
    parameters: dict[str, Parameter] = {}
    parts = [
        part
        for key, condition in asked.conditions.items()
        for part in _parts(f"`{key}`", _types(about)[key], condition, parameters)
    ]
    text = f"SELECT * FROM {relation}"
    text += f" WHERE {' AND '.join(parts)}" if parts else ""
    by = ", ".join(f"`{name}` ASC NULLS FIRST" for name in _order(about))
    text += f" ORDER BY {by}" if by else ""
    return f"{text} LIMIT {int(most)} OFFSET {int(offset)}", parameters


def _types(about: About) -> dict[str, str]:
    return {column.name: column.type for column in about.columns}


def _order(about: About) -> Sequence[str]:
    if about.complete:
        return about.keys
    kinds = {name: DataType.parse(kind).name for name, kind in _types(about).items()}
    others = [name for name, kind in kinds.items() if kind not in _UNORDERED]
    return list(dict.fromkeys([*about.keys, *others]))


def _parts(column: str, kind: str, asked: Condition, parameters: dict[str, Parameter]) -> list[str]:
    def given(value: Parameter) -> str:
        name = f"p{len(parameters)}"
        parameters[name] = value
        return f"CAST(:{name} AS {kind})"

    parts = []
    if asked.equal:
        parts.append(f"{column} IN ({', '.join(given(value) for value in asked.equal)})")
    if asked.prefix is not None:
        parts.append(f"startswith({column}, {given(asked.prefix)})")
    if asked.low is not None:
        parts.append(f"{column} >= {given(asked.low)}")
    if asked.high is not None:
        parts.append(f"{column} < {given(asked.high)}")
    if asked.null is not None:
        parts.append(f"{column} IS {'' if asked.null else 'NOT '}NULL")
    return parts
