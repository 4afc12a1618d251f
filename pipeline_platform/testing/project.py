"""What the tested folder declares, with the project around it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pipeline_platform.declarations.folder import FILE, defs_above, read, read_below
from pipeline_platform.declarations.kinds import SCHEMAS
from pipeline_platform.declarations.model_source import BODIES
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Declarations, resolve
from pipeline_platform.declarations.values import Asset
from pipeline_platform.declarations.view_source import BODY
from pipeline_platform.errors import DeclarationError, UnknownName

A = TypeVar("A", bound=Asset)
_State = tuple[tuple[str, int, int], ...]
_resolved: dict[Path, tuple[_State, Declarations]] = {}


def declared_in(folder: str | Path, schema: type[A], name: str = "") -> tuple[A, str, Place]:
    """The one component of this kind that `folder` declares, or that called `name`.

    Its attributes, name and place, as declarations are made from.
    DeclarationError: there is none, or several and none was named.
    """
    found = read(Path(folder))
    ours = [(p.attributes, p.name, p.place) for p in found if isinstance(p.attributes, schema)]
    names = [own for _, own, _ in ours]
    if name and name not in names:
        raise UnknownName(_kind(schema), name, names, where=str(folder))
    chosen = [one for one in ours if name in ("", one[1])]
    if len(chosen) == 1:
        return chosen[0]
    declared = ", ".join(f"{_kind(type(one.attributes))} {one.name}" for one in found)
    raise DeclarationError(
        f"{'several things are' if chosen else 'nothing is'} declared as {_kind(schema)} here",
        where=str(folder),
        known=declared or "nothing is declared here",
        remedy="name the one that is meant, `name=...`" if chosen else "name the folder of one",
    )


def project(folder: str | Path) -> Declarations | None:
    """All that the nearest `defs` folder above declares; None where there is none.

    Read anew only after a file changed.
    """
    defs = defs_above(Path(folder))
    if defs is None:
        return None
    state = tuple(_state(defs))
    if defs not in _resolved or _resolved[defs][0] != state:
        _resolved[defs] = (state, resolve(read_below(defs)))
    return _resolved[defs][1]


def _state(defs: Path) -> Iterable[tuple[str, int, int]]:
    for path in sorted(defs.rglob("*")):
        if path.name in (FILE, *BODIES, BODY):
            found = path.stat()
            yield str(path), found.st_mtime_ns, found.st_size


def _kind(schema: type[Asset]) -> str:
    return next(kind for kind, found in SCHEMAS.items() if found is schema)
