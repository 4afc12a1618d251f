"""The data files of a table: where they are written, made durable, deleted."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
from pyarrow import fs

from pipeline_platform.errors import CapabilityMissing


class Files:
    """Files under one root; paths are relative and use slashes.

    Another store is another `filesystem` (a `pyarrow.fs.FileSystem`) with its own `sync`.
    """

    def __init__(self, root: str) -> None:
        if "://" in root:
            raise CapabilityMissing(
                "only a local folder can hold the lake",
                where=root,
                known="local folders",
                remedy="set PIPELINE_PLATFORM_HOME to a folder",
            )
        self.root = root
        self.filesystem: fs.FileSystem = fs.LocalFileSystem()
        self._durable: set[Path] = set()  # folders above that were synced: they stay named

    def uri(self, path: str) -> str:
        """The address under which a reader opens `path`."""
        return f"{self.root}/{path}"

    def create(self, path: str) -> pa.NativeFile:
        """A new file to write, its folders made as needed."""
        self.filesystem.create_dir(self.uri(path).rpartition("/")[0], recursive=True)
        return self.filesystem.open_output_stream(self.uri(path))

    def read(self, path: str) -> bytes | None:
        """A small file's bytes, None where there is none."""
        try:
            with self.filesystem.open_input_stream(self.uri(path)) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def mark(self, path: str) -> tuple[int, ...] | None:
        """Differs between a file and another one that took its name; None without a file."""
        try:
            found = Path(self.uri(path)).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def create_absent(self, path: str, body: bytes) -> bool:
        """Let `path` be a durable file with these bytes; False when the name is taken.

        The name appears with the whole content or not at all.
        """
        whole = Path(self.uri(path))
        part = whole.with_name(f".{whole.name}.{uuid4()}.tmp")
        try:
            part.write_bytes(body)
            _sync(part)
            os.link(part, whole)
        except FileExistsError:
            return False
        finally:
            part.unlink(missing_ok=True)
        _sync(whole.parent)
        return True

    def listed(self, path: str = "") -> Iterator[tuple[str, int, datetime]]:
        """Path, bytes and time of change of every file in the folder and below it."""
        below = fs.FileSelector(self.uri(path), allow_not_found=True, recursive=True)
        for info in self.filesystem.get_file_info(below):
            if info.type == fs.FileType.File:
                inside = info.path.removeprefix(self.root).lstrip("/")
                yield inside, info.size, datetime.fromtimestamp(info.mtime_ns / 1e9, UTC)

    def size(self, path: str) -> int:
        """Bytes of a closed file."""
        return int(self.filesystem.get_file_info(self.uri(path)).size)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files; those already gone are passed over."""
        for path in paths:
            with suppress(FileNotFoundError):
                self.filesystem.delete_file(self.uri(path))

    def sync_file(self, path: str) -> None:
        """Return when the file's bytes survive a loss of power."""
        _sync(Path(self.uri(path)))

    def sync_folders(self, paths: Iterable[str]) -> None:
        """Return when the names of these files, and of their folders, survive it too."""
        above = set(Path(self.root).parents[:2]) - self._durable
        inside = {Path(self.uri(path)).parent for path in paths}
        for folder in sorted({*inside, Path(self.root), *above}, reverse=True):
            _sync(folder)
        self._durable |= above

    def folders(self, path: str) -> list[str]:
        """Names of the folders in `path`; [] where there is none."""
        selector = fs.FileSelector(self.uri(path), allow_not_found=True)
        found = self.filesystem.get_file_info(selector)
        return sorted(info.base_name for info in found if info.type == fs.FileType.Directory)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
