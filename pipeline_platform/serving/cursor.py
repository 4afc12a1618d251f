"""The opaque place in a page walk: one version, one question, how many rows are behind."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256

import msgspec
from msgspec import Struct

from pipeline_platform.errors import DeclarationError
from pipeline_platform.serving.asked import Asked


class Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`offset` rows of the answer to `question` at version `tag` were given."""

    tag: str
    question: str
    offset: int


def question(asked: Asked) -> str:
    """8 hex digits over the conditions; a cursor belongs to one question."""
    return sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:8]


def write(cursor: Cursor) -> str:
    """The cursor as one word that a URL holds as it is."""
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read(text: str, asked: Asked) -> Cursor:
    """The cursor that `write` wrote; DeclarationError for another text or another question."""
    try:
        found = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (Error, ValueError, msgspec.MsgspecError):
        raise _wrong("this is no place in a page walk") from None
    if found.offset < 0:
        raise _wrong("this is no place in a page walk")
    if found.question != question(asked):
        raise _wrong("the walk began with other conditions")
    return found


def _wrong(what: str) -> DeclarationError:
    return DeclarationError(
        what,
        where="parameter after",
        known="`after` is what the page before gave, under the same conditions",
        remedy="repeat the request of the page before with its `after`, or begin without it",
    )
