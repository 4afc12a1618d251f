"""Where things are and which profile runs; the only reader of the environment."""

import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import Abort, UnknownName

PROFILES = ("local",)
ENGINES = ("sail", "spark", "connect")


class Settings(Struct, frozen=True):
    """`home` holds landing store, lake and Dagster's own storage.

    `spark_remote` is the Spark Connect address for the engine `connect`.
    `epoch_bytes` bounds the stored bytes of the objects in one epoch.
    """

    home: Path
    profile: str = "local"
    engine: str = "sail"
    spark_remote: str = ""
    epoch_bytes: int = 1 << 30

    @property
    def landing(self) -> Path:
        """Folder under which every stream's prefix lies."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """Folder of the Delta tables, one per `layer/name`."""
        return self.home / "lake"

    @property
    def leases(self) -> Path:
        """Folder of the files that say who runs which stream."""
        return self.home / "leases"

    @property
    def pages(self) -> Path:
        """Folder of the charts' pages; `index.html` leads to all."""
        return self.home / "pages"


PROJECT = "PIPELINE_PLATFORM_PROJECT"
SERVE_TOKEN = "PIPELINE_PLATFORM_SERVE_TOKEN"
VARIABLES = {
    "PIPELINE_PLATFORM_HOME": "where data rests, seen from the project (default: data)",
    PROJECT: "folder of the dg project (default: the one around the current folder)",
    "PIPELINE_PLATFORM_PROFILE": "which implementations stand behind the ports (default: local)",
    "PIPELINE_PLATFORM_ENGINE": "sail (default), spark or connect",
    "PIPELINE_PLATFORM_SPARK_REMOTE": "Spark Connect address for engine connect, sc://host:port",
    SERVE_TOKEN: "secret that `serve` asks of clients; needed beyond this machine",
}


def prepare_process(engine: str) -> None:
    """Write what native libraries and PySpark read from the environment.

    Quiets Rust's logs, and marks the process as a client of Spark Connect unless the
    engine is classic `spark`: `pyspark.sql.functions` reads that mark. Call it before the
    first session.
    """
    os.environ.setdefault("RUST_LOG", "error")
    if engine == "spark":
        os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
    else:
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"


def project() -> Path | None:
    """The folder of the dg project that the process works on, or None.

    That is $PIPELINE_PLATFORM_PROJECT, or the nearest folder from the current one upwards
    whose dg.toml or pyproject.toml calls it a project. Raises Abort for a file that is no TOML.
    """
    if chosen := os.environ.get(PROJECT):
        return Path(chosen).absolute()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if is_project(folder)), None)


def work_on(folder: Path) -> None:
    """Let this process and those it starts work on the project in `folder`.

    The variables in its `.env` are set as `dg` sets them: they win.
    """
    from dotenv import dotenv_values

    os.environ[PROJECT] = str(folder.absolute())
    found = dotenv_values(folder / ".env")
    os.environ.update({name: value for name, value in found.items() if value is not None})


def is_project(folder: Path) -> bool:
    """Whether dg.toml, else pyproject.toml, in `folder` declares a dg project."""
    return said_to_dg(folder).get("directory_type") == "project"


def said_to_dg(folder: Path) -> dict[str, Any]:
    """What dg.toml, else `[tool.dg]` of pyproject.toml, in `folder` says; empty without both."""
    return _table(folder / "dg.toml", ()) or _table(folder / "pyproject.toml", ("tool", "dg"))


def _table(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """The table at `keys` of a TOML file; empty where there is none."""
    import tomllib

    if not path.is_file():
        return {}
    try:
        found: Any = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise Abort(
            "this is no TOML",
            where=str(path),
            known=str(error),
            remedy="mend the line that is named",
        ) from None
    for key in keys:
        found = found.get(key, {})
    return dict(found)


def from_environment() -> Settings:
    """Settings from `PIPELINE_PLATFORM_*`; unknown profile or engine is refused."""
    get = os.environ.get
    profile, engine = (
        get("PIPELINE_PLATFORM_PROFILE", "local"),
        get("PIPELINE_PLATFORM_ENGINE", "sail"),
    )
    if profile not in PROFILES:
        raise UnknownName("profile", profile, PROFILES, where="PIPELINE_PLATFORM_PROFILE")
    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES, where="PIPELINE_PLATFORM_ENGINE")
    return Settings(
        home=(project() or Path.cwd()) / get("PIPELINE_PLATFORM_HOME", "data"),
        profile=profile,
        engine=engine,
        spark_remote=get("PIPELINE_PLATFORM_SPARK_REMOTE", ""),
    )


def serve_token() -> str:
    """The secret that clients of the server send, or empty; show it to nobody."""
    return os.environ.get(SERVE_TOKEN, "")


def source_url(table: SourceTable, home: Path | None = None) -> str:
    """The SQLAlchemy URL of the table's database: replica, source, or the file below `home`.

    The URL may hold a password; show it to nobody. Raises Abort that names the variables
    when none is set.
    """
    variables = [name for name in (table.replica_variable, table.url_variable) if name]
    for name in variables:
        if os.environ.get(name):
            return os.environ[name]
    if table.file:
        return f"sqlite:///{_present((home or from_environment().home) / table.file, table)}"
    raise Abort(
        f"environment variable {' or '.join(variables)} is not set"
        if variables
        else "no environment variable says where its database is",
        where=table.name,
        known="it holds the database's SQLAlchemy URL, such as "
        "postgresql+psycopg://user:password@host/database, mysql+pymysql:// or sqlite:///file",
        remedy=f"set {variables[-1]} where the platform runs, or declare a SQLite file"
        if variables
        else "declare url_variable, or a SQLite file",
    )


def _present(file: Path, table: SourceTable) -> Path:
    if not file.is_file():
        raise Abort(
            "the SQLite file of the table is not there",
            where=table.name,
            known=f"looked for {file}",
            remedy="put the database there"
            + (f", or set {table.url_variable} to its URL" if table.url_variable else ""),
        )
    return file


def dagster_defaults() -> None:
    """Say how Dagster writes events and whether it phones home, unless the user said so."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


def dagster_home() -> str:
    """The folder of Dagster's own configuration, or empty."""
    return os.environ.get("DAGSTER_HOME", "")
