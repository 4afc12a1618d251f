"""Every public error, by what the caller should do next.

A message has four parts: what went wrong, where, what was known, and what to do.
Call sites pass the facts; the constructor builds the sentence.
"""

from collections.abc import Iterable
from difflib import get_close_matches


def likely(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that the writer of `wrong` most likely meant, or None."""
    names = list(known)
    lowered = {name.lower(): name for name in names}
    if wrong.lower() in lowered:
        return lowered[wrong.lower()]
    tails = {name.rsplit(".", 1)[-1].lower(): name for name in names}
    if wrong.rsplit(".", 1)[-1].lower() in tails:
        return tails[wrong.rsplit(".", 1)[-1].lower()]
    close = get_close_matches(wrong.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


class PlatformError(Exception):
    """Base of all errors of this package; `str()` is the message for a person.

    `what` and `remedy` are sentences; `where` names a file, table, object or stream;
    `known` says what was known when it happened.
    """

    def __init__(self, what: str, *, where: str = "", known: str = "", remedy: str = "") -> None:
        self.what, self.where, self.known, self.remedy = what, where, known, remedy
        super().__init__(self.render())

    def render(self) -> str:
        """The four parts in one text, empty parts left out."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        parts = [head]
        if self.known:
            parts.append(f"Known: {self.known}")
        if self.remedy:
            parts.append(f"What to do: {self.remedy}")
        return "\n  ".join(parts)


class Abort(PlatformError):
    """Retrying changes nothing: a person has to mend a declaration, a file or a setting."""


class Retry(PlatformError):
    """The same call may succeed later: somebody else won a race, or a source was away."""


class DeclarationError(Abort):
    """A YAML, SQL or Python declaration is wrong; `where` is `file:line:column`."""


class ViewRefused(DeclarationError):
    """A view that cannot be kept up exactly; `code` names the refusal in docs/view-functions.md."""

    def __init__(self, code: str, what: str, *, where: str, known: str, remedy: str) -> None:
        self.code = code
        super().__init__(f"{what} ({code})", where=where, known=known, remedy=remedy)


_USE = {
    True: "use one of the known names",
    False: "nothing has that kind of name yet; make it first",
}


class UnknownName(DeclarationError):
    """A name that is not known, with the known ones and the likely one."""

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        where: str = "",
        guess: str | None = None,
    ) -> None:
        self.kind, self.name, self.names = kind, name, sorted(known)
        self.guess = guess or likely(name, self.names)
        listing = ", ".join(self.names[:40]) + (", ..." if len(self.names) > 40 else "")
        remedy = f"did you mean {self.guess!r}?" if self.guess else _USE[bool(self.names)]
        super().__init__(
            f"unknown {kind} {name!r}", where=where, known=listing or "none", remedy=remedy
        )


class ContractChanged(Abort):
    """A contract changed in a way that the rows already accepted do not fit."""


class WriteRefused(Abort):
    """A statement or a model would write what it must not."""


class StatementFailed(Abort):
    """An engine refused a statement or broke it off; `known` is its own reason."""


class CapabilityMissing(Abort):
    """The chosen engine or store cannot do what was asked; `known` gives its reason."""


class CommitConflict(Retry):
    """Another writer committed first; reopen the table, check and try again."""


class SourceUnavailable(Retry):
    """A raw object or a store could not be read for a passing reason."""


class LeaseHeld(Retry):
    """Another process holds the lease; `known` says which, and since when."""
