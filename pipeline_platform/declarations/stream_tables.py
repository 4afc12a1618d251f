"""The tables of a stream: its ledger, accepted rows and refused rows."""

from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.names import (
    DAY,
    EPOCH,
    EVENT_ID,
    EXTRA,
    GENERATION,
    POSITION,
    ROW,
)
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.tables import About, DeclaredTable

LEDGER = (
    TableColumn("epoch", "bigint", False, "Number of the epoch, from 0 without holes."),
    TableColumn("position", "int", False, "Ordinal of the object in its epoch."),
    TableColumn("key", "string", False, "Key of the raw object in the landing store."),
    TableColumn("size", "bigint", False, "Bytes of the raw object."),
    TableColumn("version", "string", False, "Version or etag of the raw object."),
    TableColumn("registered_at", "timestamp", False, "Instant of registration: the arrival."),
    TableColumn("kind", "string", False, "`arrival`, or `replay` of refused rows."),
    TableColumn("contract", "string", False, "The contract in force."),
    TableColumn("decoder", "int", False, "Version of the decoder."),
    TableColumn("origin_epoch", "bigint", True, "Replay: epoch in which the object arrived."),
    TableColumn("origin_position", "int", True, "Replay: position in that epoch."),
    TableColumn("rows", "array<bigint>", True, "Replay: ordinals of the rows taken up again."),
    TableColumn("generation", "bigint", True, "Generation in which it was planned; null: 0."),
)


def stream_tables(
    contract: StreamContract, description: str, about: About, where: str
) -> tuple[DeclaredTable, DeclaredTable, DeclaredTable]:
    """Ledger, accepted and refused table of the stream."""
    raw = DeclaredTable(
        name=contract.ledger,
        description=f"{description}\n\nThe ledger: every landed object at its place in the "
        "order of arrival. Materializing admits what has landed.",
        about=about,
        columns=LEDGER,
        where=where,
        kinds=frozenset({contract.landing.format, "deltalake"}),
    )
    accepted = DeclaredTable(
        name=contract.accepted,
        description=f"{description}\n\nRows that met the contract, without repeats, "
        "by UTC day of the event.",
        about=about,
        columns=accepted_columns(contract),
        where=where,
        partitioning=Partitioning(DAY, contract.start, contract.end),
        kinds=frozenset({"deltalake"}),
        code_version=contract.fingerprint,
    )
    refused = DeclaredTable(
        name=contract.refused,
        description=f"Rows of {contract.accepted} that did not meet the contract, with reason, "
        "column, object, offset and original bytes. `pipeline-platform replay` takes them up "
        "again once the contract is mended.",
        about=about,
        columns=refused_columns(contract),
        where=where,
        kinds=frozenset({"deltalake"}),
    )
    return raw, accepted, refused


def accepted_columns(contract: StreamContract) -> tuple[TableColumn, ...]:
    """The contract's columns, then the platform's, in the order of the table."""
    own = [
        TableColumn(c.name, c.type, c.nullable, c.description, c.personal) for c in contract.columns
    ]
    if contract.unknown_fields == "keep":
        own.append(TableColumn(EXTRA, "string", True, "Unknown fields as one JSON object."))
    if not contract.event_id:
        own.append(TableColumn(EVENT_ID, "string", False, "Hash of the object, and the row."))
    day = "UTC day of the event." if contract.event_time else "UTC day of the arrival."
    return (
        *own,
        TableColumn(DAY, "date", False, day),
        TableColumn(EPOCH, "bigint", False, "Epoch that accepted the row."),
        TableColumn(POSITION, "int", False, "Ordinal of the object in its epoch."),
        TableColumn(ROW, "bigint", False, "Ordinal of the row in its object."),
    )


def refused_columns(contract: StreamContract) -> tuple[TableColumn, ...]:
    """Columns of the refused rows' table; originals are as personal as the contract says."""
    kinds = sorted({c.personal for c in contract.columns if c.personal})
    return (
        TableColumn(EPOCH, "bigint", False, "Epoch that refused the row."),
        TableColumn(POSITION, "int", False, "Ordinal of the object in its epoch."),
        TableColumn(ROW, "bigint", False, "Ordinal of the row in its object."),
        TableColumn("object", "string", False, "Key of the raw object."),
        TableColumn("offset", "bigint", False, "Byte at which the row starts, decompressed."),
        TableColumn("reason", "string", False, "Why the row was refused."),
        TableColumn("column", "string", False, "Column at fault, or empty."),
        TableColumn("detail", "string", False, "The fault in a sentence."),
        TableColumn("original", "binary", False, "The row's bytes.", ", ".join(kinds)),
        TableColumn("contract", "string", False, "Fingerprint of the contract in force."),
        TableColumn("registered_at", "timestamp", False, "Instant of the object's arrival."),
        TableColumn(GENERATION, "bigint", True, "The rebuild that judged it; null: the first."),
    )
