"""Object store in a folder."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pipeline_platform.contracts.epochs import ObjectRef
from pipeline_platform.errors import Abort

_UNFINISHED = (".tmp", ".part")


def lands(name: str) -> bool:
    """Whether a file or folder of this name is seen by listings."""
    return not (name[0] in "._" or name.endswith(_UNFINISHED))


class FolderStore:
    """Objects are files under `root`; an object's version is its modification time in ns."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        path = self.root / key
        if not key or Path(key).is_absolute() or ".." in Path(key).parts:
            raise Abort(
                f"key {key!r} leaves the store",
                where=str(self.root),
                known="keys are relative and hold no `..`",
                remedy="name the object by its path below the store",
            )
        return path

    def list(self, prefix: str, *, settled_before: datetime | None = None) -> Iterator[ObjectRef]:
        limit = settled_before.timestamp() if settled_before else None
        folders = [(self._path(prefix), prefix.rstrip("/"))]
        while folders:
            folder, key = folders.pop()
            try:
                entries = os.scandir(folder)
            except FileNotFoundError:
                continue
            with entries:
                for entry in entries:
                    name = entry.name
                    if not lands(name):
                        continue
                    if entry.is_dir():
                        folders.append((Path(entry.path), f"{key}/{name}"))
                        continue
                    try:
                        stat = entry.stat()
                    except FileNotFoundError:
                        continue
                    if limit is None or stat.st_mtime <= limit:
                        yield ObjectRef(f"{key}/{name}", stat.st_size, f"{stat.st_mtime_ns:x}")

    def stat(self, key: str) -> ObjectRef | None:
        try:
            found = self._path(key).stat()
        except FileNotFoundError:
            return None
        return ObjectRef(key, found.st_size, f"{found.st_mtime_ns:x}")

    def changed_at(self, ref: ObjectRef) -> datetime | None:
        return datetime.fromtimestamp(int(ref.version, 16) / 1e9, UTC)

    def open(self, key: str) -> BinaryIO:
        return self._path(key).open("rb")

    def put(self, key: str, data: bytes) -> None:
        self._write(key, data).replace(self._path(key))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        if self._path(key).exists():
            return False
        written = self._write(key, data)
        try:
            os.link(written, self._path(key))
        except FileExistsError:
            return False
        finally:
            written.unlink()
        return True

    def _write(self, key: str, data: bytes) -> Path:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return part
