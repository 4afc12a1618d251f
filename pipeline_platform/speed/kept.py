"""A view that a runner keeps up, by what the wiring lets it call."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptView:
    """The view `name`; `raised` brings it up, `tidied` compacts its states."""

    name: str
    raised: Callable[[], object]
    tidied: Callable[[], object]

    def bring_up(self) -> None:
        """As of Kept."""
        self.raised()

    def tidy(self) -> None:
        """As of Kept."""
        self.tidied()
