"""Loads a project's folder, and says in our words what is wrong in it."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import dagster as dg
from pydantic import BaseModel, PydanticDeprecatedSince20, ValidationError

from pipeline_platform.components.dagster_internals import ComponentTree, ComponentTreeException
from pipeline_platform.components.model_attributes import ModelAttributes
from pipeline_platform.components.stream_attributes import StreamAttributes
from pipeline_platform.errors import DeclarationError, PlatformError, UnknownName


def load_declared(path: Path) -> dg.Definitions:
    """All that the project around `path` declares in its defs folder.

    DagsterInvalidDefinitionError: a wrong declaration, as `file:line:column: ...`.
    """
    tree = ComponentTree.for_project(path)
    with explained(tree):
        return tree.build_defs(tree.defs_module_path)


@contextmanager
def explained(tree: ComponentTree) -> Iterator[None]:
    """Turn what goes wrong while `tree` loads into DagsterInvalidDefinitionError, in our words."""
    try:
        with unfinished_ignored():
            yield
        return
    except ComponentTreeException as error:
        cause = _root(error)
        if isinstance(cause, ValidationError):
            message = "\n".join(str(e) for e in explain(cause, tree.project_root))
        elif isinstance(cause, PlatformError | dg.DagsterInvalidDefinitionError):
            message = str(cause)
        else:
            raise
    raise dg.DagsterInvalidDefinitionError(message) from None


@contextmanager
def unfinished_ignored() -> Iterator[None]:
    """Silence Dagster's notes on its own beta features and Pydantic calls; it is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticDeprecatedSince20)
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def explain(error: ValidationError, root: Path) -> Iterator[DeclarationError]:
    """Each fault with its place, what is known there and what to do."""
    for fault in error.errors():
        keys = _keys(fault)
        where = _where(fault, root)
        model = _model_at(_root_model(error.title), keys[:-1])
        names = sorted(model.model_fields) if model else []
        if fault["type"] == "extra_forbidden":
            yield UnknownName("key", str(keys[-1]), names, where=where)
        elif fault["type"] == "missing":
            yield DeclarationError(
                f"{_dotted(keys)} is missing",
                where=where,
                known=_said(model, keys, error.title),
                remedy=f"add `{keys[-1]}:`",
            )
        else:
            said = fault["msg"].removeprefix("Value error, ")
            yield DeclarationError(
                f"{_dotted(keys)}: {said}, but found {fault['input']!r}",
                where=where,
                known=_said(model, keys, error.title),
                remedy="write a value of that kind",
            )


def _said(model: type[BaseModel] | None, keys: Sequence[str], title: str) -> str:
    field = model.model_fields.get(keys[-1]) if model and keys else None
    if field and field.description:
        return field.description
    here = _model_at(_root_model(title), keys)
    return f"keys here: {', '.join(here.model_fields)}" if here else ""


def _root_model(title: str) -> type[BaseModel] | None:
    models: tuple[type[BaseModel], ...] = (StreamAttributes, ModelAttributes)
    return next((model for model in models if model.__name__ == title), None)


def _keys(fault: Any) -> list[str]:
    path = str(fault["loc"][0]).split(" at ")[0].split(".")
    return path[1:] if path[0] == "attributes" else path


def _dotted(keys: Sequence[str]) -> str:
    return "`" + ".".join(keys) + "`"


def _where(fault: Any, root: Path) -> str:
    position = fault["ctx"]["source_position"]
    path = Path(position.filename).absolute()
    shown = path.relative_to(root.absolute()) if path.is_relative_to(root.absolute()) else path
    return f"{shown}:{position.start.line}:{position.start.col}"


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
