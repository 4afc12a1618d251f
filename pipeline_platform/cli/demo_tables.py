"""Makes the operational database of the demo, a SQLite file."""

import os
import sqlite3
from pathlib import Path

from pipeline_platform.cli.demo_data import read_source

FILE = "sources/aviation.sqlite"
TABLES = {
    "airlines": "carrier TEXT PRIMARY KEY, name TEXT NOT NULL",
    "airports": "faa TEXT PRIMARY KEY, name TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, "
    "alt INTEGER NOT NULL, tz INTEGER NOT NULL, dst TEXT, tzone TEXT",
    "planes": "tailnum TEXT PRIMARY KEY, year INTEGER, type TEXT, manufacturer TEXT, model TEXT, "
    "engines INTEGER, seats INTEGER, speed INTEGER, engine TEXT",
}


def make_database(home: Path) -> dict[str, int]:
    """Write the file below `home` unless it is there, whole or not at all; rows by table.

    One that is there is left as it is, so that a person may change rows and watch them arrive.
    """
    path = home / FILE
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        part.unlink(missing_ok=True)
        _write(part)
        part.replace(path)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as opened:
        return {
            name: opened.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES
        }


def _write(path: Path) -> None:
    made = sqlite3.connect(path)
    try:
        with made:
            for name, columns in TABLES.items():
                rows = read_source(f"{name}.csv")
                marks = ", ".join("?" * rows.width)
                made.execute(f"CREATE TABLE {name} ({columns})")
                made.executemany(f"INSERT INTO {name} VALUES ({marks})", rows.iter_rows())
    finally:
        made.close()
