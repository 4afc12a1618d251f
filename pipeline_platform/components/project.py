"""What all our components share: their YAML, their place, their project."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from weakref import WeakKeyDictionary

import dagster as dg
from pydantic import BaseModel

from pipeline_platform.components.dagster_internals import ComponentTree
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Declarations, Part, resolve
from pipeline_platform.errors import DeclarationError, PlatformError


@dataclass
class ProjectComponent(dg.Component, dg.Resolvable):
    """A component declared by a folder; see its subclasses."""

    attributes: Any
    place: Place

    @property
    def name(self) -> str:
        """The declared name, or the folder's."""
        return str(self.attributes.name or self.place.folder.name)

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """The component from its YAML, template expressions in its texts rendered."""
        place = _place(context)
        if attributes is None:
            raise DeclarationError(
                "the component has no attributes",
                where=place.at(),
                known=", ".join(cls.model().model_fields),
                remedy="write them under `attributes:`; `dg scaffold defs` makes an example",
            )
        written = attributes.model_dump(exclude_unset=True)
        if "{{" in str(written):  # rendering all texts costs 40 ms per component
            written = dict(context.resolution_context.resolve_value(written))
        return cls(cls.model().model_validate(written), place)


def _place(context: dg.ComponentLoadContext) -> Place:
    folder = context.path if context.path.is_dir() else context.path.parent
    tree = context.resolution_context.source_position_tree
    return Place(folder.absolute(), context.project_root.absolute(), tree)


_resolved: WeakKeyDictionary[object, Declarations] = WeakKeyDictionary()


def of_project(context: dg.ComponentLoadContext) -> Declarations:
    """The declarations of the project that `context` belongs to, resolved once per load."""
    return of_tree(context.component_tree)


def of_tree(tree: ComponentTree) -> Declarations:
    """The declarations of a project's component tree, resolved once per load."""
    if tree.state_tracker not in _resolved:
        found = tree.get_all_components(of_type=ProjectComponent)  # type: ignore[type-abstract]
        parts = [Part(c.attributes, c.name, c.place) for c in found]
        _resolved[tree.state_tracker] = resolve(parts)
    return _resolved[tree.state_tracker]


@contextmanager
def refused() -> Iterator[None]:
    """Turn a wrong declaration into Dagster's own error, without our stack."""
    try:
        yield
    except PlatformError as error:
        raise dg.DagsterInvalidDefinitionError(str(error)) from None
