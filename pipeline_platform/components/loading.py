"""Loads a project's folder, and says in our words what is wrong in it."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PydanticDeprecatedSince20, ValidationError
from yaml import MarkedYAMLError, YAMLError

from pipeline_platform.components.dagster_internals import ComponentTree, ComponentTreeException
from pipeline_platform.components.project import of_tree
from pipeline_platform.declarations.faults import Fault, explain
from pipeline_platform.declarations.folder import FILE, no_yaml
from pipeline_platform.declarations.kinds import SCHEMAS
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.errors import PlatformError, UnknownName

_PACKAGE = __name__.partition(".")[0]
_NO_KIND = re.compile(r"`pipeline_platform[.\w]*` has no attribute `(?P<name>\w+)`")


def tree_of(path: Path | None) -> ComponentTree:
    """The components of the project around `path`; of this package's own defs for None.

    Installed, the package has no project file, and one further up would be another's.
    """
    if path:
        return ComponentTree.for_project(path)
    own = import_module(f"{_PACKAGE}.defs")
    return ComponentTree.from_module(own, Path(own.__path__[0]).parents[1])


def load_declared(path: Path | None) -> tuple[dg.Definitions, Declarations]:
    """All that the project around `path`, or this package for None, declares in its defs folder.

    DagsterInvalidDefinitionError: a wrong declaration, as `file:line:column: ...`.
    """
    tree = tree_of(path)
    with explained(tree):
        return tree.build_defs(tree.defs_module_path), of_tree(tree)


@contextmanager
def explained(tree: ComponentTree) -> Iterator[None]:
    """Turn what goes wrong while `tree` loads into DagsterInvalidDefinitionError, in our words."""
    try:
        with unfinished_ignored():
            yield
        return
    except (ComponentTreeException, YAMLError, dg.DagsterError) as error:
        message = _in_our_words(_root(error), tree)
        if not message:
            raise
    raise dg.DagsterInvalidDefinitionError(message) from None


def _in_our_words(cause: BaseException, tree: ComponentTree) -> str:
    """What a person should know of the cause; empty for what is not theirs."""
    if isinstance(cause, ValidationError):
        return _explained(cause, tree.project_root)
    if isinstance(cause, MarkedYAMLError) and cause.problem_mark:
        folder = Path(cause.problem_mark.name).parent
        return str(no_yaml(cause, Place(folder, tree.project_root.absolute())))
    if missing := _NO_KIND.search(str(cause)):
        return str(_unknown_kind(missing["name"], tree))
    known = isinstance(cause, PlatformError | dg.DagsterInvalidDefinitionError)
    return str(cause) if known else ""


def _unknown_kind(name: str, tree: ComponentTree) -> PlatformError:
    """A `type:` of ours that is none, with the file and line that say it."""
    wanted = re.compile(rf"^type:\s*[\w.]*\.{name}\s*$", re.MULTILINE)
    for path in sorted(tree.defs_module_path.rglob(FILE)):
        if found := wanted.search(path.read_text()):
            line = path.read_text()[: found.start()].count("\n") + 1
            where = f"{_shown(str(path), tree.project_root)}:{line}:1"
            return UnknownName("kind of component", name, SCHEMAS, where=where)
    return UnknownName("kind of component", name, SCHEMAS)


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


def _explained(error: ValidationError, root: Path) -> str:
    schema = next(found for found in SCHEMAS.values() if found.__name__ == error.title)
    faults = [_fault(fault, root) for fault in error.errors()]
    return "\n".join(str(said) for said in explain(faults, schema))


def _fault(fault: Any, root: Path) -> Fault:
    path = str(fault["loc"][0]).split(" at ")[0].split(".")
    keys = tuple(path[1:] if path[0] == "attributes" else path)
    position = fault["ctx"]["source_position"]
    where = f"{_shown(position.filename, root)}:{position.start.line}:{position.start.col}"
    return Fault(keys, where, fault["type"], fault["msg"], fault["input"])


def _shown(filename: str, root: Path) -> Path:
    path = Path(filename).absolute()
    return path.relative_to(root.absolute()) if path.is_relative_to(root.absolute()) else path
