"""What is wrong in a YAML, in our words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from pipeline_platform.errors import DeclarationError, UnknownName


@dataclass(frozen=True)
class Fault:
    """One fault: the keys under `attributes` that lead to it, and where they stand.

    `kind`, `message` and `found` are Pydantic's type, message and input.
    """

    keys: tuple[str, ...]
    where: str
    kind: str
    message: str
    found: object


def explain(faults: Iterable[Fault], schema: type[BaseModel]) -> Iterator[DeclarationError]:
    """Each fault of a YAML against its schema, with what is known there and what to do."""
    for fault in faults:
        keys = fault.keys
        model = _model_at(schema, keys[:-1])
        if fault.kind == "extra_forbidden":
            known = sorted(model.model_fields) if model else []
            yield UnknownName("key", keys[-1], known, where=fault.where)
        elif fault.kind == "missing":
            yield DeclarationError(
                f"{_dotted(keys)} is missing",
                where=fault.where,
                known=_said(model, keys, schema),
                remedy=f"add `{keys[-1]}:`",
            )
        elif fault.kind == "string_pattern_mismatch" and (examples := _examples(model, keys)):
            yield DeclarationError(
                f"{_dotted(keys)}: {fault.found!r} has the wrong form",
                where=fault.where,
                known=_said(model, keys, schema),
                remedy=f"write it like {' or '.join(map(repr, examples))}",
            )
        else:
            said = fault.message.removeprefix("Value error, ")
            yield DeclarationError(
                f"{_dotted(keys)}: {said}, but found {_shown(fault.found)}",
                where=fault.where,
                known=_said(model, keys, schema),
                remedy="write a value of that kind",
            )


def _said(model: type[BaseModel] | None, keys: Sequence[str], schema: type[BaseModel]) -> str:
    field = model.model_fields.get(keys[-1]) if model and keys else None
    if field and field.description:
        return field.description
    here = _model_at(schema, keys)
    return f"keys here: {', '.join(here.model_fields)}" if here else ""


def _shown(found: object) -> str:
    """What was found, without the user and password of an URL."""
    return re.sub(r"://[^/@\s]*@", "://...@", repr(found))


def _examples(model: type[BaseModel] | None, keys: Sequence[str]) -> list[object]:
    field = model.model_fields.get(keys[-1]) if model and keys else None
    return list(field.examples or ()) if field else []


def _dotted(keys: Sequence[str]) -> str:
    return "`" + ".".join(keys) + "`"


def _model_at(model: type[BaseModel] | None, keys: Sequence[str]) -> type[BaseModel] | None:
    """The model whose fields stand at `keys` below `model`."""
    kind: Any = model
    for key in keys:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(key)
            kind = field.annotation if field else None
        else:
            kind = _inner(kind)
        kind = _without_none(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _inner(kind: Any) -> Any:
    arguments = get_args(kind)
    return arguments[-1] if arguments else None


def _without_none(kind: Any) -> Any:
    models = [a for a in get_args(kind) if isinstance(a, type) and issubclass(a, BaseModel)]
    containers = isinstance(kind, type) or str(kind).startswith(("list", "dict"))
    return models[0] if models and not containers else kind
