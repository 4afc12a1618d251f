"""The law of admission holds with rebuilds in between, wherever they end."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pipeline_platform_tests.ingest.oracle import CONTRACT
from pipeline_platform_tests.ingest.test_admission_law import AdmissionMachine
from pipeline_platform_tests.ingest.test_reprocess_crashes import POINTS, ended


class ReprocessMachine(AdmissionMachine):
    """Objects land, admissions and rebuilds crash anywhere; the tables are as if none had."""

    @rule(point=st.sampled_from([*POINTS, ""]))
    def reprocess(self, point: str) -> None:
        """A rebuild that ends at some step, or goes to its end."""
        tables = self.stage.admission().tables
        if tables.accepted.exists() and tables.ledger.head() >= 0:
            before = (self.stage.accepted(), self.stage.refused())
            ended(self.stage, CONTRACT, point)
            assert (self.stage.accepted(), self.stage.refused()) == before


TestReprocessLaw = ReprocessMachine.TestCase
TestReprocessLaw.settings = settings(max_examples=6, stateful_step_count=8, deadline=None)
