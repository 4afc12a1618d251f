"""Contracts by fingerprint, and generations, written once beside the raw objects."""

from datetime import datetime
from itertools import count

import msgspec

from pipeline_platform.contracts.epochs import EpochPlan
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import Abort
from pipeline_platform.ingest.generations import Generation
from pipeline_platform.ports.object_store import ObjectStore


class ContractRegistry:
    """Keeps every contract that an epoch was planned under, so that it can be recomputed."""

    def __init__(self, stream: str, store: ObjectStore) -> None:
        self._stream, self._store = stream, store
        self._cache: dict[str, StreamContract] = {}
        self._generations: dict[int, Generation] = {}

    def record(self, contract: StreamContract) -> str:
        """Write the contract down before its first epoch is planned; its fingerprint."""
        fingerprint = contract.fingerprint
        if fingerprint not in self._cache:
            self._store.put_if_absent(self._key(fingerprint), contract.to_json())
            self._cache[fingerprint] = contract
        return fingerprint

    def reserve(self, after: int, contract: StreamContract, decoder: int, begun: datetime) -> int:
        """Record the next generation that nobody has begun, later than `after`; its number."""
        fingerprint = self.record(contract)
        for number in count(after + 1):
            record = Generation(number, fingerprint, decoder, begun)
            if self._store.put_if_absent(self._generation_key(number), msgspec.json.encode(record)):
                return number
        raise AssertionError

    def generation(self, number: int) -> Generation:
        """The record of a generation; Abort when it was removed."""
        if number not in self._generations:
            data = self._read(self._generation_key(number), f"the record of generation {number}")
            self._generations[number] = msgspec.json.decode(data, type=Generation)
        return self._generations[number]

    def contract(self, plan: EpochPlan, generation: int) -> StreamContract:
        """What a generation decodes an epoch under: its own contract for one planned before
        it, else the one that the plan names."""
        if plan.generation < generation:
            return self.load(self.generation(generation).contract)
        return self.load(plan.contract)

    def load(self, fingerprint: str) -> StreamContract:
        """The recorded contract; Abort when its record was removed."""
        if fingerprint not in self._cache:
            self._cache[fingerprint] = StreamContract.from_json(
                self._read(self._key(fingerprint), f"contract {fingerprint}")
            )
        return self._cache[fingerprint]

    def _read(self, key: str, what: str) -> bytes:
        try:
            with self._store.open(key) as file:
                return file.read()
        except FileNotFoundError:
            raise Abort(
                f"{what} of stream {self._stream} is missing",
                where=key,
                known="epochs are decoded under the contract that their plan or generation names",
                remedy="restore the file from a backup of the landing store",
            ) from None

    def _key(self, fingerprint: str) -> str:
        return f"_contracts/{self._stream}/{fingerprint}.json"

    def _generation_key(self, number: int) -> str:
        return f"_contracts/{self._stream}/generations/{number}.json"
