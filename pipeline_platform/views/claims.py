"""Claims of running batches, which compaction heeds so that they are not overtaken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from pipeline_platform.lake.files import Files

FOLDER = "_claims"
STALE = timedelta(hours=1)


class Claims:
    """Files `_claims/<id>.json` in the folder of a state table.

    A batch claims the epoch at which the states stand, then reads again where they stand
    and takes that as its cut. A compactor takes its snapshot, then lists the claims, and
    goes no further than the least of them. Nothing is wrong without claims: a publish
    whose cut was crossed is refused and computed again.
    """

    def __init__(self, uri: str) -> None:
        self._files = Files(uri)

    @contextmanager
    def held(self, epoch: int, at: datetime) -> Iterator[None]:
        """Claim `epoch` for as long as the context lasts."""
        path = f"{FOLDER}/{uuid4()}.json"
        with self._files.create(path) as sink:
            sink.write(json.dumps({"epoch": epoch, "at": at.isoformat()}).encode())
        try:
            yield
        finally:
            self._files.delete([path])

    def least(self, at: datetime | None) -> int | None:
        """The least epoch that is claimed; claims older at `at` than an hour are deleted."""
        claims = list(self._read())
        ended = [path for path, _, made in claims if at is not None and at - made >= STALE]
        self._files.delete(ended)
        return min((epoch for path, epoch, _ in claims if path not in ended), default=None)

    def _read(self) -> Iterator[tuple[str, int, datetime]]:
        for path, _, _ in self._files.listed(FOLDER):
            body = self._files.read(path)
            if body:
                claim = json.loads(body)
                yield path, claim["epoch"], datetime.fromisoformat(claim["at"])
