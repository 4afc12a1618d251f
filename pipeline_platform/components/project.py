"""What all our components share: their YAML, their place, their project."""

from dataclasses import dataclass
from typing import Any, Self, TypeVar, cast
from weakref import WeakKeyDictionary

import dagster as dg
from pydantic import BaseModel

from pipeline_platform.components.dagster_internals import ComponentTree
from pipeline_platform.components.declarations import Declarations, resolve
from pipeline_platform.components.model_attributes import ModelAttributes
from pipeline_platform.components.places import Place
from pipeline_platform.components.stream_attributes import StreamAttributes
from pipeline_platform.errors import DeclarationError


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
        place = Place.of(context)
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


T = TypeVar("T")
_resolved: WeakKeyDictionary[object, Declarations] = WeakKeyDictionary()


def of_project(context: dg.ComponentLoadContext) -> Declarations:
    """The declarations of the project that `context` belongs to, resolved once per load."""
    return of_tree(context.component_tree)


def of_tree(tree: ComponentTree) -> Declarations:
    """The declarations of a project's component tree, resolved once per load."""
    if tree.state_tracker not in _resolved:
        found = tree.get_all_components(of_type=ProjectComponent)  # type: ignore[type-abstract]
        _resolved[tree.state_tracker] = resolve(
            [_part(c, StreamAttributes) for c in found if _is(c, StreamAttributes)],
            [_part(c, ModelAttributes) for c in found if _is(c, ModelAttributes)],
        )
    return _resolved[tree.state_tracker]


def _is(component: ProjectComponent, kind: type[BaseModel]) -> bool:
    return isinstance(component.attributes, kind)


def _part(component: ProjectComponent, kind: type[T]) -> tuple[T, str, Place]:
    return cast(T, component.attributes), component.name, component.place
