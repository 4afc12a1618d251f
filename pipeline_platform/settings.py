"""Where things are and which profile runs; the only reader of the environment."""

import os
from pathlib import Path

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


VARIABLES = {
    "PIPELINE_PLATFORM_HOME": "where data rests (default: ./data)",
    "PIPELINE_PLATFORM_PROFILE": "which implementations stand behind the ports (default: local)",
    "PIPELINE_PLATFORM_ENGINE": "sail (default), spark or connect",
    "PIPELINE_PLATFORM_SPARK_REMOTE": "Spark Connect address for engine connect, sc://host:port",
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
        home=Path(get("PIPELINE_PLATFORM_HOME", "data")).absolute(),
        profile=profile,
        engine=engine,
        spark_remote=get("PIPELINE_PLATFORM_SPARK_REMOTE", ""),
    )


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
        return f"sqlite:///{(home or from_environment().home) / table.file}"
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


def dagster_defaults() -> None:
    """Say how Dagster writes events and whether it phones home, unless the user said so."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


def dagster_home() -> str:
    """The folder of Dagster's own configuration, or empty."""
    return os.environ.get("DAGSTER_HOME", "")
