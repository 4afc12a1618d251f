"""Reads what a folder declares, or all folders of a project, without Dagster."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster_shared.yaml_utils import parse_yamls_with_source_position
from pydantic import ValidationError
from yaml import MarkedYAMLError, YAMLError

from pipeline_platform.declarations.faults import Fault, explain
from pipeline_platform.declarations.kinds import SCHEMAS
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Part
from pipeline_platform.declarations.values import Asset
from pipeline_platform.errors import DeclarationError, UnknownName

FILE = "defs.yaml"
DEFS = "defs"
_OURS = "pipeline_platform."


def read(folder: Path, root: Path | None = None) -> list[Part]:
    """What `folder/defs.yaml` declares; messages name files relative to `root`.

    Template expressions are not rendered. DeclarationError: there is no such file, it is no
    YAML, of an unknown kind, or against its kind's schema.
    """
    if not (folder / FILE).is_file():
        raise _nothing_there(folder)
    return [_part(written, place) for written, place in _documents(folder, root)]


def read_below(defs: Path, root: Path | None = None) -> list[Part]:
    """What all folders below `defs` declare, those with components of others passed over.

    Raises DeclarationError as `read` does.
    """
    return [
        _part(written, place)
        for path in sorted(defs.rglob(FILE))
        for written, place in _documents(path.parent, root)
        if _kind(written).startswith(_OURS)
    ]


def defs_above(folder: Path) -> Path | None:
    """The nearest folder called `defs` in which `folder` lies, None if there is none."""
    return next((above for above in folder.absolute().parents if above.name == DEFS), None)


def no_yaml(error: YAMLError, place: Place) -> DeclarationError:
    """What a parser has against the YAML in `place`."""
    where, known = place.show(place.folder / FILE), " ".join(str(error).split())
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        where += f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}"
        known = f"{error.problem}"
    return DeclarationError(
        "this is no YAML",
        where=where,
        known=known,
        remedy="indent by spaces, as the lines around it, and put texts that hold a colon or a "
        "brace into quotes",
    )


def _documents(folder: Path, root: Path | None) -> Iterator[tuple[Any, Place]]:
    path, above = (folder / FILE).absolute(), (root or Path.cwd()).absolute()
    try:
        documents = list(parse_yamls_with_source_position(path.read_text(), str(path)))
    except YAMLError as error:
        raise no_yaml(error, Place(path.parent, above)) from None
    for document in documents:
        yield document.value, Place(path.parent, above, document.source_position_tree)


def _kind(written: Any) -> str:
    return str(written.get("type", "")) if isinstance(written, Mapping) else ""


def _part(written: Any, place: Place) -> Part:
    whole = _kind(written)
    kind = whole.rsplit(".", 1)[-1]
    if kind not in SCHEMAS or not whole.startswith(_OURS):
        known = [f"{_OURS}components.{name}" for name in SCHEMAS]
        raise UnknownName("kind of component", whole, known, where=place.at())
    attributes = _validated(written.get("attributes") or {}, SCHEMAS[kind], place)
    return Part(attributes, attributes.name or place.folder.name, place)


def _validated(written: Any, schema: type[Asset], place: Place) -> Asset:
    try:
        return schema.model_validate(written)
    except ValidationError as error:
        found = [
            Fault(
                tuple(map(str, fault["loc"])),
                place.at(*fault["loc"]),
                fault["type"],
                fault["msg"],
                fault["input"],
            )
            for fault in error.errors()
        ]
        messages = [str(said) for said in explain(found, schema)]
    raise DeclarationError("\n".join(messages))


def _nothing_there(folder: Path) -> DeclarationError:
    if folder.is_dir():
        return DeclarationError(
            f"there is no {FILE}",
            where=str(folder),
            known=", ".join(sorted(p.name for p in folder.glob("*"))) or "an empty folder",
            remedy="name the folder in which the stream, table, model or feature set is declared",
        )
    above = next(path for path in folder.absolute().parents if path.is_dir())
    near = [*above.glob(f"*/{FILE}"), *above.glob(f"*/*/{FILE}")]
    known = [Place(above, Path.cwd()).show(path.parent) for path in near]
    return UnknownName("folder", str(folder), known)
