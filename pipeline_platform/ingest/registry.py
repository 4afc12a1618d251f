"""Contracts by fingerprint, written once beside the raw objects."""

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import Abort
from pipeline_platform.ports.object_store import ObjectStore


class ContractRegistry:
    """Keeps every contract that an epoch was planned under, so that it can be recomputed."""

    def __init__(self, stream: str, store: ObjectStore) -> None:
        self._stream, self._store = stream, store
        self._cache: dict[str, StreamContract] = {}

    def record(self, contract: StreamContract) -> str:
        """Write the contract down before its first epoch is planned; its fingerprint."""
        fingerprint = contract.fingerprint
        if fingerprint not in self._cache:
            self._store.put_if_absent(self._key(fingerprint), contract.to_json())
            self._cache[fingerprint] = contract
        return fingerprint

    def load(self, fingerprint: str) -> StreamContract:
        """The recorded contract; Abort when its record was removed."""
        if fingerprint not in self._cache:
            self._cache[fingerprint] = StreamContract.from_json(self._read(fingerprint))
        return self._cache[fingerprint]

    def _read(self, fingerprint: str) -> bytes:
        try:
            with self._store.open(self._key(fingerprint)) as file:
                return file.read()
        except FileNotFoundError:
            raise Abort(
                f"contract {fingerprint} of stream {self._stream} is missing",
                where=self._key(fingerprint),
                known="epochs are decoded under the contract that their plan names",
                remedy="restore the file from a backup of the landing store",
            ) from None

    def _key(self, fingerprint: str) -> str:
        return f"_contracts/{self._stream}/{fingerprint}.json"
