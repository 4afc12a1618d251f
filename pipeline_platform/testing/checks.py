"""The outcomes of a table's checks, by name."""

from collections.abc import Iterable

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.errors import UnknownName
from pipeline_platform.models.checks import CheckOutcome


class Checks(dict[str, CheckOutcome]):
    """Outcomes by the check's name; UnknownName, with the known ones, for another.

    A check that refers to a table whose rows were not given is left out.
    """

    def __init__(self, table: str, outcomes: Iterable[CheckOutcome]) -> None:
        super().__init__((outcome.name, outcome) for outcome in outcomes)
        self._table = table

    def __missing__(self, name: str) -> CheckOutcome:
        __tracebackhide__ = True
        raise UnknownName("check", name, self, where=f"checks of {self._table}")

    @property
    def failed(self) -> list[str]:
        """Names of the checks that found something, in the order declared."""
        return [name for name, outcome in self.items() if not outcome.passed]


def referenced(check: TableCheck) -> str:
    """The other table that a check looks at, or empty."""
    return check.references.partition("(")[0].strip().lower()
