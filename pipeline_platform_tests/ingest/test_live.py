"""A long-lived admission: hints, settling, others beside it, mistakes, and what it keeps."""

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.errors import ContractChanged, SourceUnavailable
from pipeline_platform.ingest.live import LiveAdmission
from pipeline_platform.ingest.verify import verify
from pipeline_platform_tests.ingest.oracle import CONTRACT, Oracle, Row, lines
from pipeline_platform_tests.ingest.stage import NOW, Stage
from pipeline_platform_tests.ingest.test_admission import LOOSE
from pipeline_platform_tests.ingest.test_admission_processes import check, land

MOST = 1 << 20


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty stream."""
    return Stage(tmp_path, CONTRACT)


def live(stage: Stage) -> LiveAdmission:
    """A long-lived admission, open."""
    made = LiveAdmission(stage.admission(), store=stage.store, clock=lambda: NOW)
    made.open()
    return made


def put(stage: Stage, name: str, *rows: Row) -> str:
    """Land an object; its key."""
    stage.store.put(f"events/{name}", lines(list(rows)))
    return f"events/{name}"


def test_epochs_beside_other_admissions_are_those_of_the_oracle(stage: Stage) -> None:
    chance, objects = random.Random(3), dict[str, list[Row]]()
    first, second = live(stage), live(stage)
    for _ in range(25):
        land(stage, chance, objects, 3)
        who = chance.choice([first, second, None])
        if who is None:
            stage.admission().run()
            continue
        who.survey() if chance.random() < 0.5 else who.sight(objects)
        for _ in range(chance.randrange(3)):
            who.step(chance.choice([1, 4_000, MOST]), look=chance.random() < 0.3)
    for each in (first, second):
        each.survey()
        while each.step(MOST, look=True):
            pass
        assert each.waiting == 0
    total = stage.admission().standing().total
    assert first.step(MOST, look=True) is None
    assert first._total == second._total == total
    check(stage, objects)


def test_a_report_holds_the_books_of_its_epoch_and_of_all(stage: Stage) -> None:
    admission = live(stage)
    admission.sight([put(stage, "a", Row("x"), Row("x"), Row(broken="missing"))])
    one = admission.step(MOST)
    admission.sight([put(stage, "b", Row("y", day=2))])
    two = admission.step(MOST)
    assert one is not None
    assert two is not None
    assert one.accounting == Accounting(landed=3, accepted=1, duplicates=1, refused=1)
    assert (two.epochs, two.head, two.accounting.accepted) == ((1,), 1, 1)
    assert two.total == one.accounting + two.accounting
    assert one.then(two).total == two.total
    assert one.then(two).days.keys() == {*one.days, *two.days}


def test_an_object_is_left_until_it_settled(tmp_path: Path) -> None:
    landing = replace(CONTRACT.landing, settle_s=60.0)
    stage, clock = Stage(tmp_path, replace(CONTRACT, landing=landing)), [NOW]
    admission = LiveAdmission(stage.admission(), store=stage.store, clock=lambda: clock[0])
    admission.open()
    key = put(stage, "a", Row("x"))
    changed = NOW - timedelta(seconds=59)
    os.utime(Path(stage.store.root) / key, (changed.timestamp(),) * 2)
    assert admission.sight([key]) == 0
    clock[0] += timedelta(seconds=2)
    assert admission.sight([]) == 1
    assert admission.step(MOST) is not None
    assert admission.sight(["events/gone"]) == 0


def test_a_folder_that_is_hinted_at_is_listed(stage: Stage) -> None:
    admission = live(stage)
    put(stage, "deep/er/a", Row("x"))
    put(stage, "deep/_b", Row("y"))
    assert admission.sight(["events/deep/"]) == 1


def test_an_epoch_that_was_begun_is_finished_first(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    assert stage.crash("after refused")
    put(stage, "b", Row("y"))
    admission = live(stage)
    first, second = admission.step(MOST), admission.step(MOST)
    assert first is not None
    assert second is not None
    assert (first.head, second.head) == (0, 1)
    assert admission.step(MOST) is None
    assert verify(stage.admission()) == []


def test_after_an_error_it_opens_again_and_nothing_is_lost_or_doubled(stage: Stage) -> None:
    admission, oracle = live(stage), Oracle()
    rows = [Row("x"), Row("y")]
    key = put(stage, "a", *rows)
    admission.sight([key])
    reopened = stage.store.open

    def away(_: str) -> object:
        raise SourceUnavailable("away")

    stage.store.open = away  # type: ignore[method-assign, assignment]
    with pytest.raises(SourceUnavailable):
        admission.step(MOST)
    stage.store.open = reopened  # type: ignore[method-assign]
    admission.open()
    assert admission.step(MOST) is not None
    assert admission.step(MOST) is None
    oracle.admit(rows)
    assert stage.accepted() == sorted(((i, d, n) for (i, d), n in oracle.accepted.items()))


def test_a_contract_that_rows_do_not_fit_is_refused_at_the_start(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LOOSE)
    put(stage, "a", Row("x"))
    stage.admission().run()
    other = replace(LOOSE, columns=LOOSE.columns[:2])
    with pytest.raises(ContractChanged):
        LiveAdmission(stage.admission(other), store=stage.store, clock=lambda: NOW).open()


def test_small_files_are_merged_and_the_rows_stay(stage: Stage) -> None:
    admission = live(stage)
    for number in range(40):
        admission.sight([put(stage, f"{number}", Row(f"e{number}"), Row("same"))])
        admission.step(MOST)
    before = stage.accepted()
    admission.tidy()
    admission.sight([put(stage, "last", Row("e0"), Row("new"))])
    report = admission.step(MOST)
    assert report is not None
    assert report.accounting.duplicates == 1
    assert stage.lake.table(CONTRACT.accepted).snapshot().files.height < 20
    assert stage.accepted() == sorted([*before, ("new", 1, 0)], key=str)
    assert verify(stage.admission()) == []
