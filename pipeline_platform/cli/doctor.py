"""Command: what is configured, missing or broken, and what to do about it."""

import platform as machine
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from msgspec import Struct

from pipeline_platform.cli.output import format_option, print_rows
from pipeline_platform.errors import Abort, PlatformError

if TYPE_CHECKING:
    from pipeline_platform.contracts.source_tables import SourceTable
    from pipeline_platform.contracts.stream import StreamContract
    from pipeline_platform.wiring import Platform

_FREE_BYTES = 5 << 30
_JAVA = ("17", "21")


class Finding(Struct, frozen=True):
    """One thing looked at; only `broken` makes the command fail."""

    what: str
    state: Literal["ok", "note", "broken"]
    found: str
    remedy: str = ""


@click.command()
@format_option
def doctor(style: str) -> None:
    """Look at Python, packages, settings, disk, engine, streams, sources and tables.

    Exits 1 if something is broken. Changes nothing.
    """
    findings = list(examine())
    columns = Finding.__struct_fields__
    print_rows(columns, [[getattr(f, c) for c in columns] for f in findings], style)
    if any(finding.state == "broken" for finding in findings):
        sys.exit(1)


def examine() -> Iterator[Finding]:
    """Every finding, the cheap ones first."""
    from pipeline_platform.wiring import platform

    yield Finding("Python", "ok", machine.python_version())
    yield from _packages()
    try:
        here = platform()
    except PlatformError as error:
        yield Finding("settings", "broken", error.what, error.remedy)
        return
    yield from _settings(here)
    yield _disk(here.settings.home)
    yield _java(here.settings.engine)
    yield from _guarded("engine", lambda: _engine(here))
    yield from _guarded("declarations", lambda: _declared(here))
    yield from _guarded("lake", lambda: _tables(here))


def _guarded(what: str, look: "Callable[[], Iterator[Finding]]") -> Iterator[Finding]:
    """The findings of `look`; an error of the platform is one more finding."""
    try:
        yield from look()
    except PlatformError as error:
        known = f"{error.where}: {error.what}" if error.where else error.what
        yield Finding(what, "broken", known, error.remedy)


def _packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    wrong = []
    for text in metadata.requires("pipeline-platform") or []:
        wanted = Requirement(text)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            wrong.append(f"{wanted.name} {version} is not {wanted.specifier}")
    remedy = "install the project again with constraints.txt" if wrong else ""
    yield Finding("packages", "broken" if wrong else "ok", "; ".join(wrong) or "as pinned", remedy)


def _settings(here: "Platform") -> Iterator[Finding]:
    from pipeline_platform.settings import PROJECT, SERVE_TOKEN, VARIABLES, project, serve_token

    known = here.settings
    values = {
        "PIPELINE_PLATFORM_HOME": str(known.home),
        PROJECT: str(project() or "none: the package's own definitions"),
        "PIPELINE_PLATFORM_PROFILE": known.profile,
        "PIPELINE_PLATFORM_ENGINE": known.engine,
        "PIPELINE_PLATFORM_SPARK_REMOTE": known.spark_remote or "not set",
        SERVE_TOKEN: "set" if serve_token() else "not set",
    }
    for name, meaning in VARIABLES.items():
        yield Finding(name, "ok", values[name], meaning)


def _disk(home: Path) -> Finding:
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / 2**30:.1f} GB free at {there}"
    probe = there / ".doctor.tmp"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding("disk", "broken", f"{there}: {error.strerror}", "let this user write there")
    if free < _FREE_BYTES:
        return Finding("disk", "note", found, "free some space, or move PIPELINE_PLATFORM_HOME")
    return Finding("disk", "ok", found)


def _java(engine: str) -> Finding:
    state: Literal["note", "broken"] = "broken" if engine == "spark" else "note"
    remedy = "install Java 17 or 21" if engine == "spark" else "only the engine spark needs it"
    if not shutil.which("java"):
        return Finding("Java", state, "none", remedy)
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = told.split('"')[1] if '"' in told else "of unknown version"
    if version.split(".")[0] in _JAVA:
        return Finding("Java", "ok", version)
    return Finding("Java", state, version, remedy)


def _engine(here: "Platform") -> Iterator[Finding]:
    started = time.monotonic()
    here.engine.sql("SELECT 1 AS one", where="doctor").collect()
    yield Finding(
        "engine", "ok", f"{here.engine.name} answers in {time.monotonic() - started:.1f} s"
    )


def _declared(here: "Platform") -> Iterator[Finding]:
    from pipeline_platform.cli.project import declarations, root
    from pipeline_platform.settings import project

    if not project() and not here.settings.home.exists():
        remedy = "`pipeline-platform init my_platform` makes one"
        yield Finding("project", "note", "none in this folder or above it", remedy)
        return
    found = declarations(root())
    for name, stream in sorted(found.streams.items()):
        yield _stream(here, name, stream.contract)
    for name, table in sorted(found.source_tables.items()):
        yield _source(name, table.contract)


def _stream(here: "Platform", name: str, contract: "StreamContract") -> Finding:
    pending = here.admission(contract).pending()
    return Finding(
        f"stream {name}",
        "note" if pending.unfinished else "ok",
        f"{pending.objects} objects wait, {pending.unfinished} epochs are unfinished",
        "`pipeline-platform build` admits them" if pending else "",
    )


def _source(name: str, contract: "SourceTable") -> Finding:
    """Whether it is said where the table is; the address itself may hold a password."""
    from pipeline_platform.settings import source_url

    try:
        kind = source_url(contract).split(":", 1)[0]
    except Abort as error:
        return Finding(f"table {name}", "note", error.what, error.remedy)
    return Finding(f"table {name}", "ok", f"{contract.source} by {kind}")


def _tables(here: "Platform") -> Iterator[Finding]:
    from pipeline_platform.lake.catalog import names
    from pipeline_platform.views.live import views

    for name in names(here.lake):
        snapshot = here.lake.table(name).snapshot()
        yield Finding(str(name), "ok", f"{snapshot.num_rows:,} rows at version {snapshot.version}")
    for view in views(here.lake):
        standing = here.view(view).standing()
        late = sum(standing.late.values())
        said = f"as of epoch {standing.as_of}, {late:,} rows beyond the batch"
        yield Finding(f"serving.{view}", "ok", said)
