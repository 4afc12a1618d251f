"""A view that a runner keeps up, by what the wiring lets it call."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptView:
    """The view `name`; `raised` brings it up, `tidied` merges its states, `cleaned` frees disk."""

    name: str
    raised: Callable[[], object]
    tidied: Callable[[], object]
    cleaned: Callable[[], object]

    def bring_up(self) -> None:
        """As of Kept."""
        self.raised()

    def tidy(self) -> None:
        """As of Kept."""
        self.tidied()

    def clean(self) -> None:
        """As of Kept."""
        self.cleaned()
