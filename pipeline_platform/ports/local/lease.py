"""Leases as locked files in a folder; the kernel frees them when their holder dies."""

import fcntl
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline_platform.errors import LeaseHeld
from pipeline_platform.ports.lease import Holder


class FileLease:
    """A lock on an open file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


class FileLeases:
    """One file per name in `folder`, held by `flock`, with its holder as JSON in it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder, self._clock = folder, clock

    def take(self, name: str, what: str, *, tells: bool = False) -> FileLease:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not _locked(descriptor, fcntl.LOCK_EX):
            holder = _read(descriptor)
            os.close(descriptor)
            raise LeaseHeld(
                f"{name} is held by another process",
                where=str(self._file(name)),
                known=str(holder or "it has not said who it is yet"),
                remedy="end that process, or wait for it",
            )
        holder = Holder(what, os.getpid(), socket.gethostname(), self._clock(), tells)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)
        return FileLease(descriptor)

    def holder(self, name: str) -> Holder | None:
        try:
            descriptor = os.open(self._file(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            free = _locked(descriptor, fcntl.LOCK_SH)
            return None if free else _read(descriptor) or _unnamed()
        finally:
            os.close(descriptor)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.lease"


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Holder | None:
    """Who wrote the file, None before the holder did."""
    text = os.pread(descriptor, 1 << 16, 0)
    try:
        return msgspec.json.decode(text, type=Holder)
    except msgspec.DecodeError:
        return None


def _unnamed() -> Holder:
    return Holder(
        "a process that has not said who it is yet", 0, "", datetime.min.replace(tzinfo=UTC)
    )
