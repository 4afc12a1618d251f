"""A view that a runner keeps up, by what the wiring lets it call."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_platform.speed.parts import Folded


@dataclass(frozen=True)
class KeptView:
    """The view `name`; `raised` brings it up, `folds` folds once, `tidied` compacts."""

    name: str
    raised: Callable[[], object]
    folds: Callable[[], Folded]
    tidied: Callable[[], object] | None = None

    def bring_up(self) -> None:
        """As of Kept."""
        self.raised()

    def fold(self) -> Folded:
        """As of Kept."""
        return self.folds()

    def tidy(self) -> None:
        """As of Kept."""
        if self.tidied is not None:
            self.tidied()
