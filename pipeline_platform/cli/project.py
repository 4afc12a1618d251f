"""The project that a command works on: its definitions and declarations."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import Abort, DeclarationError, UnknownName
from pipeline_platform.settings import from_environment, is_project, project, said_to_dg, work_on

if TYPE_CHECKING:
    import dagster as dg

    from pipeline_platform.declarations.resolution import Declarations


OWN = None  # in place of a project's folder: the definitions of this package


def is_own(folder: Path) -> bool:
    """Whether the project in `folder` is this package's."""
    named: str = said_to_dg(folder).get("project", {}).get("root_module", "")
    return named == __name__.partition(".")[0]


def choose(folder: Path | None) -> None:
    """Work on the project in `folder`, or around the current one; Abort if `folder` is none."""
    if folder and not is_project(folder):
        raise Abort(
            "there is no dg project in this folder",
            where=str(folder),
            known=_projects_below(folder),
            remedy='name a folder whose pyproject.toml has `[tool.dg] directory_type = "project"`',
        )
    if found := folder or project():
        work_on(found)


def root() -> Path | None:
    """The project's folder, its modules importable; None for the package's own definitions.

    The package's own serve outside of projects, where `demo` has been. Abort elsewhere.
    """
    found = project()
    if found:
        source = str(found / "src" if (found / "src").is_dir() else found)
        if source not in sys.path:
            sys.path.insert(0, source)
        return found
    if not from_environment().home.exists():
        raise Abort(
            "there is no project in this folder or above it",
            where=str(Path.cwd()),
            known=_projects_below(Path.cwd()),
            remedy="go into a project's folder, or make one: `pipeline-platform init my_platform`",
        )
    return None


def _projects_below(folder: Path) -> str:
    if not folder.is_dir():
        return "there is no such folder"
    found = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and is_project(path)]
    return f"projects in it: {', '.join(found)}" if found else "no project in its folders either"


def contracts(stream: str | None = None) -> list[StreamContract]:
    """The contracts of all streams, or of `stream`; UnknownName if it is not declared."""
    streams = declarations(root()).streams
    if stream is not None and stream not in streams:
        raise UnknownName("stream", stream, streams)
    return [s.contract for name, s in sorted(streams.items()) if stream in (None, name)]


def declarations(where: Path | None) -> "Declarations":
    """What the folders of the project in `where` declare, without its definitions."""
    with _told():
        from pipeline_platform.components.loading import explained, tree_of
        from pipeline_platform.components.project import of_tree

        tree = tree_of(where)
        with explained(tree):
            return of_tree(tree)


def definitions(where: Path | None) -> "dg.Definitions":
    """All definitions, as the module of the project in `where` gives them to Dagster.

    DeclarationError for a wrong declaration.
    """
    with _told():
        if where is None:
            from pipeline_platform.definitions import build_defs

            return build_defs()
        return _loaded(where)


def _loaded(folder: Path) -> "dg.Definitions":
    """What the module that `dg` loads holds."""
    from pipeline_platform.cli.dagster_internals import (
        LazyDefinitions,
        loadable_targets_from_loaded_module,
    )
    from pipeline_platform.components.loading import explained, tree_of

    said = said_to_dg(folder).get("project", {})
    name = said.get("code_location_target_module") or f"{said.get('root_module')}.definitions"
    with explained(tree_of(folder)):
        found = loadable_targets_from_loaded_module(import_module(name))[0].target_definition
        loaded = found() if isinstance(found, LazyDefinitions) else found
    return cast("dg.Definitions", loaded)


@contextmanager
def _told() -> Iterator[None]:
    import dagster as dg
    from dagster_shared.error import DagsterError

    try:
        yield
    except dg.DagsterInvalidDefinitionError as error:
        raise DeclarationError(str(error)) from None
    except (DagsterError, ModuleNotFoundError) as error:
        raise DeclarationError(
            "the project's definitions do not load",
            where=str(project() or ""),
            known=" ".join(str(error).split()),
            remedy="`pipeline-platform --debug ...` shows the traceback, `dg check defs` as well",
        ) from error
