"""A driver's errors as ours; of connecting only codes are told, never texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy.exc as sa

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import PlatformError, SourceUnavailable, StatementFailed

# A driver's text may quote parts of the URL: in one whose password holds an unescaped `@`,
# the host that cannot be found is the rest of the password.
_CONNECTING = {
    "28P01": "the server refused user or password",
    "28000": "the server refused the user",
    "3D000": "the server has no such database",
    "53300": "the server has no connection left",
    "57P03": "the server is starting up or shutting down",
    "1045": "the server refused user or password",
    "1044": "the server refused the user for this database",
    "1049": "the server has no such database",
    "1040": "the server has no connection left",
    "2003": "no server answers at this address",
}
_TEXTS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "failed to resolve host": "the host's name is not known",
    "could not translate host name": "the host's name is not known",
    "Connection refused": "2003",
    "timeout": "no answer in time",
    "too many clients": "53300",
}
_LATE = {"57014", "1969", "3024"}
_LOCKED = {"55P03", "1205"}
_CHANGED = {"1412", "40001"}


@contextmanager
def connecting(table: SourceTable) -> Iterator[None]:
    """Errors of opening a connection, as SourceUnavailable."""
    try:
        yield
    except (sa.DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, sa.DBAPIError) else error
        code = next((code for said, code in _TEXTS.items() if said in str(cause)), _code(cause))
        variable = table.replica_variable or table.url_variable
        raise SourceUnavailable(
            "no connection to the source's database",
            where=table.name,
            known=_CONNECTING.get(code, f"the driver says: {code}"),
            remedy=f"try again; if it lasts, check host, port, user, password and database in "
            f"{variable or 'the URL'}",
        ) from None


@contextmanager
def reading(table: SourceTable) -> Iterator[None]:
    """Errors of a statement: SourceUnavailable if they may pass, else StatementFailed."""
    try:
        yield
    except sa.DBAPIError as error:
        raise _of_statement(error, table) from None


def late(table: SourceTable, rows: int | None = None) -> SourceUnavailable:
    """The time limit was reached; `rows` had been read."""
    read = "" if rows is None else f" after {rows:,} rows"
    return SourceUnavailable(
        f"not read within {table.time_limit_s:g} s",
        where=table.name,
        known=f"the time limit was reached{read}; nothing was kept",
        remedy="raise time_limit_s, read a replica, or give the key an index at the source",
    )


def _of_statement(error: sa.DBAPIError, table: SourceTable) -> PlatformError:
    code, text = _code(error.orig), _text(error.orig)
    if code in _LATE or text == "interrupted":
        return late(table)
    if code in _LOCKED or "is locked" in text:
        known = "somebody else holds a lock on the table; the read did not wait longer"
        return _passing("the table is locked", known, table)
    if code in _CHANGED:
        return _passing("the table changed under the read", f"code {code}", table)
    if error.connection_invalidated or isinstance(error, sa.OperationalError | sa.InterfaceError):
        return _passing("the read broke off", f"{code}: {text}", table)
    return StatementFailed(
        "the source's database refused to read the table",
        where=table.name,
        known=f"{code}: {text}",
        remedy="grant SELECT on it to the user in the URL, or mend what the database says",
    )


def _passing(what: str, known: str, table: SourceTable) -> SourceUnavailable:
    return SourceUnavailable(what, where=table.name, known=known, remedy="try again")


def _code(error: Any) -> str:
    """MySQL's number, SQLSTATE, or the name of the error's kind."""
    arguments = getattr(error, "args", ())
    if arguments and isinstance(arguments[0], int):
        return str(arguments[0])
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state)
    return type(error).__name__


def _text(error: Any) -> str:
    """The first line of what the database says, without the values that it quotes."""
    arguments = getattr(error, "args", ())
    said = str(arguments[-1]).splitlines()[0] if arguments and str(arguments[-1]) else ""
    state = str(getattr(error, "sqlstate", "") or "")
    if state.startswith("22") or "decode" in said or type(error).__name__ == "DataError":
        return "a value that the driver cannot read (values are not shown)"
    return said
