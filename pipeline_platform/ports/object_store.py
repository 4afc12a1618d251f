"""Port: a store of immutable objects under keys with slashes."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Protocol

from pipeline_platform.contracts.epochs import ObjectRef


class ObjectStore(Protocol):
    """Keys are relative to the store; listings and writes are atomic per object."""

    def list(self, prefix: str, *, settled_before: datetime | None = None) -> Iterator[ObjectRef]:
        """Landed objects under `prefix`, in any order.

        Names that begin with a dot or underscore (at any level below the prefix), or end
        in `.tmp` or `.part`, are not seen; nor is what changed after `settled_before`.
        """
        ...

    def stat(self, key: str) -> ObjectRef | None:
        """The object as it is now; None where there is none."""
        ...

    def changed_at(self, ref: ObjectRef) -> datetime | None:
        """When the object last changed, None where the store does not keep it."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The object's bytes. FileNotFoundError or PermissionError are lasting;
        SourceUnavailable is passing."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write the whole object or nothing."""
        ...

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write the object unless the key exists; whether it was written."""
        ...
