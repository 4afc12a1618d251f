"""Reads what a folder declares, without Dagster."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster_shared.yaml_utils import parse_yamls_with_source_position
from pydantic import ValidationError
from yaml import YAMLError

from pipeline_platform.declarations.faults import Fault, explain
from pipeline_platform.declarations.kinds import SCHEMAS
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Part
from pipeline_platform.declarations.values import Asset
from pipeline_platform.errors import DeclarationError, UnknownName

FILE = "defs.yaml"


def read(folder: Path, root: Path | None = None) -> list[Part]:
    """What `folder/defs.yaml` declares; messages name files relative to `root`.

    Template expressions are not rendered. DeclarationError: there is no such file, it is no
    YAML, of an unknown kind, or against its kind's schema.
    """
    path, above = (folder / FILE).absolute(), (root or Path.cwd()).absolute()
    if not path.is_file():
        raise DeclarationError(
            f"there is no {FILE}",
            where=str(folder),
            known=", ".join(sorted(p.name for p in folder.glob("*"))) or "an empty folder",
            remedy="name the folder in which the stream, table, model or feature set is declared",
        )
    try:
        documents = list(parse_yamls_with_source_position(path.read_text(), str(path)))
    except YAMLError as error:
        raise DeclarationError(
            "this is no YAML",
            where=str(path),
            known=" ".join(str(error).split()),
            remedy="mend what is named; indentation is the usual fault",
        ) from None
    places = [Place(path.parent, above, d.source_position_tree) for d in documents]
    return [_part(d.value, place) for d, place in zip(documents, places, strict=True)]


def _part(written: Any, place: Place) -> Part:
    said = written if isinstance(written, Mapping) else {}
    kind = str(said.get("type", "")).rsplit(".", 1)[-1]
    if kind not in SCHEMAS:
        raise UnknownName("kind of component", kind, SCHEMAS, where=place.at())
    attributes = _validated(said.get("attributes") or {}, SCHEMAS[kind], place)
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
