"""The log of a table: its commits by version, read and put if absent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec import json

from pipeline_platform.lake.files import Files

METADATA = "pipeline_platform"  # key of our facts in Delta's commit information
FOLDER = "_delta_log"
HINT = f"{FOLDER}/_last_checkpoint"
_COMMITTED = (".json", ".checkpoint.parquet")
_REDEFINING = {"metaData", "protocol"}
Action = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """The actions of one commit, in its order."""

    actions: tuple[Action, ...]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The actions of a kind: `add`, `remove`, `txn`, `commitInfo`, ..."""
        return [action[kind] for action in self.actions if kind in action]

    @cached_property
    def redefines(self) -> bool:
        """Whether it changes the schema, the properties or the protocol."""
        return any(_REDEFINING & action.keys() for action in self.actions)

    @property
    def metadata(self) -> dict[str, Any]:
        """What its writer said of it; {} if nothing."""
        return dict(next(iter(self.of("commitInfo")), {}).get(METADATA, {}))


class Log:
    """Entries by version. Whoever removes old ones does so in ascending order.

    So while an entry is there and its successor is not, the successor was never committed.
    """

    def __init__(self, uri: str) -> None:
        self._files = Files(uri)

    def exists(self) -> bool:
        """Whether the table has been created."""
        if self._files.mark(entry_path(0)) is not None:
            return True
        return any(path.endswith(_COMMITTED) for path, _, _ in self._files.listed(FOLDER))

    def mark(self, version: int) -> tuple[int, ...] | None:
        """Tells an entry from another one of the same number in a table made anew."""
        return self._files.mark(entry_path(version))

    def read(self, version: int) -> Entry | None:
        """The entry of this version, None where there is none."""
        path = entry_path(version)
        found = self._files.read(path) if self._files.mark(path) else None
        return None if found is None else Entry(tuple(map(json.decode, found.splitlines())))

    def checkpoints(self, newest: int) -> list[int]:
        """Versions up to `newest` that have a checkpoint."""
        names = (path.removeprefix(f"{FOLDER}/") for path, _, _ in self._files.listed(FOLDER))
        found = (int(name[:20]) for name in names if name.endswith(".checkpoint.parquet"))
        return sorted(version for version in found if version <= newest)

    def put(self, version: int, actions: Iterable[Mapping[str, Any]]) -> bool:
        """Commit durably as this version; whether nobody else took it.

        False also when the log before it is gone: the caller slept while others went on and
        removed old entries, so that the number is no proof any more.
        """
        body = b"".join(json.encode(action) + b"\n" for action in actions)
        won = self._files.create_absent(entry_path(version), body)
        return won and self.mark(version - 1) is not None


def entry_path(version: int) -> str:
    """The entry's file, relative to the table."""
    return f"{FOLDER}/{version:020}.json"


def checkpoint_path(version: int) -> str:
    """The checkpoint's file, relative to the table."""
    return f"{FOLDER}/{version:020}.checkpoint.parquet"
