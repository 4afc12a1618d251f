"""The lake in which a generation is made: kept after a crash, taken up or cleared away."""

import shutil
from pathlib import Path

from pipeline_platform.errors import Abort
from pipeline_platform.ingest.admission import DECODER_VERSION, Admission
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.adoption import adopted
from pipeline_platform.lake.generations import ADMISSION
from pipeline_platform.lake.lake import Lake

_FOLDER = "_reprocess"


class Scratch:
    """The unfinished generations of one stream, beside the layers of its lake.

    Only the holder of the stream's reprocess lease may use it.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._folder = Path(admission.lake.root) / _FOLDER / admission.contract.name

    def resumable(self) -> int | None:
        """A generation that a dead process began and that would be made the same now; what
        others began is cleared away."""
        present = self._admission.tables.generation()
        found = None
        for number in sorted(self._numbers()):
            if number > present and found is None and self._same(number):
                found = number
            else:
                self.clear(number, present)
        return found

    def open(self, number: int) -> Admission:
        """The admission that makes this generation, its tables there."""
        return self._admission.beside(Lake(self._folder / str(number)), number)

    def clear(self, number: int, present: int) -> None:
        """Delete the scratch tables; of a generation that never came to be also its files
        that already lie with the real ones."""
        if number > present:
            self._unlink(number)
        shutil.rmtree(self._folder / str(number), ignore_errors=True)

    def _unlink(self, number: int) -> None:
        ours = self._admission.tables
        theirs = StreamTables.of(self._admission.contract, Lake(self._folder / str(number)))
        if theirs.accepted.exists():
            made = theirs.accepted.snapshot()
            ours.accepted.discard(adopted(made, ours.accepted, ADMISSION))

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return [int(entry.name) for entry in self._folder.iterdir() if entry.name.isdigit()]

    def _same(self, number: int) -> bool:
        try:
            record = self._admission.registry.generation(number)
        except Abort:
            return False
        wanted = self._admission.contract.fingerprint
        return (record.contract, record.decoder) == (wanted, DECODER_VERSION)
