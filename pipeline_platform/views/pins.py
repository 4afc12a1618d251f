"""Pins: names of answers that can be read again while they are kept."""

import json
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from pipeline_platform.errors import DeclarationError
from pipeline_platform.lake.files import Files

FOLDER = "_pins"


class Pin(Struct, frozen=True, order=True):
    """Version `version` of the states of the view's live definition number `live`."""

    view: str
    live: int
    version: int

    def __str__(self) -> str:
        return f"{self.live}.{self.version}"

    @classmethod
    def parse(cls, view: str, text: str) -> "Pin":
        """From `3.1207`; DeclarationError for anything else."""
        live, _, version = text.partition(".")
        if not (live.isdecimal() and version.isdecimal()):
            raise DeclarationError(
                f"{text!r} is no pin",
                where=f"serving.{view}",
                known="a pin is two numbers, such as 3.1207",
                remedy="take it from the standing of the view",
            )
        return cls(view, int(live), int(version))


class Pins:
    """Files `_pins/<pin>.json` in the folder of a state table, each with an end."""

    def __init__(self, uri: str) -> None:
        self._files = Files(uri)

    def keep(self, pin: Pin, until: datetime) -> None:
        """Keep the pinned version from being vacuumed before `until`."""
        with self._files.create(f"{FOLDER}/{pin}.json") as sink:
            sink.write(json.dumps({"until": until.isoformat()}).encode())

    def versions(self, at: datetime) -> set[int]:
        """The versions of the table that are pinned at `at`; pins that ended are deleted."""
        kept, ended = set(), []
        for path, version, until in self._read():
            if until >= at:
                kept.add(version)
            else:
                ended.append(path)
        self._files.delete(ended)
        return kept

    def _read(self) -> Iterator[tuple[str, int, datetime]]:
        for path, _, _ in self._files.listed(FOLDER):
            body = self._files.read(path)
            if body:
                version = int(path.rpartition("/")[2].split(".")[1])
                yield path, version, datetime.fromisoformat(json.loads(body)["until"])
