"""Admission case by case: identity, evolution, replay, verify, objects that misbehave."""

import gzip
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import Abort, ContractChanged, SourceUnavailable, UnknownName
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.days import day_facts
from pipeline_platform.ingest.replay import replay
from pipeline_platform.ingest.verify import verify
from pipeline_platform.lake.catalog import load
from pipeline_platform.models.query import query
from pipeline_platform.settings import prepare_process
from pipeline_platform_tests.ingest.oracle import CONTRACT, Row, lines
from pipeline_platform_tests.ingest.stage import Stage

LOOSE = replace(CONTRACT, rules=())
KEYLESS = replace(CONTRACT, event_id=())
TIMELESS = replace(CONTRACT, event_time="", end=None)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty stream."""
    return Stage(tmp_path, CONTRACT)


def put(stage: Stage, name: str, *rows: Row) -> None:
    """Land an object that holds `rows`."""
    stage.store.put(f"events/{name}", lines(list(rows)))


def test_an_object_put_again_with_equal_bytes_is_as_it_was(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    stage.admission().run()
    put(stage, "a", Row("x"))
    report = stage.admission().run()
    assert (report.changed, report.epochs) == ((), ())


@pytest.mark.parametrize("other", [Row("x", n=1), Row("other", n=12345)])
def test_a_changed_object_is_reported_and_not_read(stage: Stage, other: Row) -> None:
    put(stage, "a", Row("x"))
    stage.admission().run()
    put(stage, "a", other)
    report = stage.admission().run()
    assert (report.changed, report.epochs) == (("events/a",), ())
    assert stage.accepted() == [("x", 1, 0)]
    (found,) = [f for f in verify(stage.admission()) if f.table == "serving.events"]
    assert (found.kind, found.rows, found.objects) == ("extra", 1, ("events/a",))


def test_an_object_that_vanished_is_one_refusal_and_admission_goes_on(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    put(stage, "b", Row("y"))
    assert stage.crash("after ledger")
    (Path(stage.store.root) / "events/a").unlink()
    report = stage.admission().run()
    assert report.total == Accounting(landed=2, accepted=1, refused=1)
    assert stage.refused() == {"unreadable": 1}
    put(stage, "a", Row("x"))
    assert replay(stage.admission()).accounting.refused == 1


def test_a_retry_conforms_to_the_refusals_already_written(stage: Stage) -> None:
    put(stage, "a", Row("x"), Row("z"))
    put(stage, "b", Row("y"))
    assert stage.crash("after ledger")
    hidden = Path(stage.store.root) / "events/a"
    aside = hidden.rename(hidden.with_name(".a"))
    assert stage.crash("after refused")
    aside.rename(hidden)
    report = stage.admission().run()
    assert stage.accepted() == [("y", 1, 0)]
    assert report.total == Accounting(landed=2, accepted=1, refused=1)
    assert verify(stage.admission()) == []
    assert replay(stage.admission()).total == Accounting(
        landed=3, accepted=3, refused=1, replayed=1
    )
    assert stage.refused() == {}
    assert verify(stage.admission()) == []


def test_an_epoch_waits_for_an_object_that_an_earlier_attempt_read(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    assert stage.crash("after refused")
    hidden = Path(stage.store.root) / "events/a"
    aside = hidden.rename(hidden.with_name(".a"))
    with pytest.raises(SourceUnavailable, match="waits for 1 objects"):
        stage.admission().run()
    aside.rename(hidden)
    assert stage.admission().run().total == Accounting(landed=1, accepted=1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_object_without_permission_is_refused(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    (Path(stage.store.root) / "events/a").chmod(0)
    stage.admission().run()
    assert stage.refused() == {"unreadable": 1}


def test_broken_objects_keep_what_is_readable(stage: Stage) -> None:
    whole = lines([Row(f"e{n}") for n in range(2000)], compress=True)
    stage.store.put("events/cut.gz", whole[: len(whole) // 2])
    stage.store.put("events/empty", b"")
    stage.store.put("events/half", lines([Row("h1"), Row("h2")])[:-10])
    stage.store.put("events/latin", Row("l\u00e9").text.encode("latin-1", "replace") + b"\xff\n")
    total = stage.admission().run().total
    assert total.balanced
    assert total.accepted == len(stage.accepted()) > 500
    refused = stage.refused()
    assert refused.pop("unreadable") == 1
    assert refused.pop("empty_object") == 1
    assert set(refused) == {"malformed", "not_utf8"}
    assert verify(stage.admission()) == []


def test_replay_admits_what_the_mended_contract_accepts(stage: Stage) -> None:
    put(stage, "a", Row("x", n=5000), Row(broken="malformed"), Row("y"))
    put(stage, "b", Row("x", n=5000), Row("y", n=7000))
    stage.admission().run()
    assert stage.refused() == {"rule": 3, "malformed": 1}
    report = replay(stage.admission(LOOSE))
    assert report.accounting == Accounting(accepted=1, duplicates=1, refused=2, replayed=4)
    assert report.total.landed == 5
    assert stage.accepted() == [("x", 1, 5000), ("y", 1, 0)]
    assert stage.refused() == {"malformed": 1, "conflict": 1}
    assert verify(stage.admission(LOOSE)) == []


def test_sql_sees_the_open_refusals_of_committed_epochs(stage: Stage) -> None:
    ask = "SELECT reason FROM serving.events__refused"
    prepare_process("sail")
    engine = SailEngine()
    put(stage, "a", Row("x", n=5000), Row(broken="malformed"))
    assert stage.crash("after refused")
    assert query(ask, engine=engine, lake=stage.lake).to_pylist() == []
    stage.admission().run()
    found = query(f"{ask} ORDER BY 1", engine=engine, lake=stage.lake).to_pylist()
    assert [row["reason"] for row in found] == ["malformed", "rule"]
    replay(stage.admission(LOOSE), ["rule"])
    assert query(ask, engine=engine, lake=stage.lake).to_pylist() == [{"reason": "malformed"}]


def test_replay_of_one_reason_leaves_the_others(stage: Stage) -> None:
    put(stage, "a", Row("x", n=5000), Row(broken="malformed"))
    stage.admission().run()
    replay(stage.admission(LOOSE), ["malformed"])
    assert stage.accepted() == []
    replay(stage.admission(LOOSE), ["rule"])
    assert stage.accepted() == [("x", 1, 5000)]
    with pytest.raises(UnknownName, match="did you mean 'malformed'"):
        replay(stage.admission(), ["malformd"])


def test_a_refused_row_keeps_its_arrival_when_replayed(stage: Stage) -> None:
    early = replace(CONTRACT, start=date(2020, 1, 5))
    put(stage, "a", Row("x", day=3))
    stage.admission(early).run()
    assert stage.refused() == {"before_start": 1}
    replay(stage.admission())
    assert stage.accepted() == [("x", 3, 0)]


def test_replay_refuses_when_rows_are_cut_differently(stage: Stage) -> None:
    put(stage, "a", Row(broken="malformed"))
    stage.admission().run()
    other = replace(CONTRACT, landing=replace(CONTRACT.landing, format="json"))
    with pytest.raises(Abort, match="cut differently"):
        replay(stage.admission(other))


def between_choice_and_plan(monkeypatch: pytest.MonkeyPatch, racer: Callable[[], object]) -> None:
    """Let `racer` run once, when the next admission has chosen and not planned yet."""
    plan, waiting = Admission.plan, [racer]

    def late(self: Admission, *choice: Any) -> object:
        if waiting:
            waiting.pop()()
        return plan(self, *choice)

    monkeypatch.setattr(Admission, "plan", late)


def test_an_object_that_a_racer_takes_is_planned_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stage, "a", Row("x"))
    between_choice_and_plan(monkeypatch, lambda: stage.admission().run())
    report = stage.admission().run()
    assert stage.admission().tables.ledger.head() == 0
    assert report.total == Accounting(landed=1, accepted=1)


def test_a_refusal_that_a_racer_replays_is_replayed_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stage, "a", Row("x", n=1000))
    stage.admission().run()
    assert stage.refused() == {"rule": 1}
    between_choice_and_plan(monkeypatch, lambda: replay(stage.admission(LOOSE)))
    report = replay(stage.admission(LOOSE))
    assert stage.admission().tables.ledger.head() == 1
    assert report.total == Accounting(landed=1, accepted=1, refused=1, replayed=1)


def test_replay_before_the_first_admission_does_nothing(stage: Stage) -> None:
    assert replay(stage.admission()).head == -1


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        (replace(CONTRACT, event_id=("id", "n")), "event_id was"),
        (replace(CONTRACT, event_time="at + INTERVAL 1 DAY"), "event_time was"),
        (replace(CONTRACT, columns=CONTRACT.columns[:2], rules=()), "column n is gone"),
        (
            replace(CONTRACT, columns=(*CONTRACT.columns[:2], Column("n", "bigint"))),
            "column n was int, is bigint",
        ),
    ],
)
def test_a_contract_that_accepted_rows_do_not_fit_stops_admission(
    stage: Stage, changed: StreamContract, known: str
) -> None:
    put(stage, "a", Row("x"))
    stage.admission().run()
    with pytest.raises(ContractChanged, match=known) as caught:
        stage.admission(changed).run()
    assert "reprocess events" in str(caught.value)


def test_a_new_nullable_column_rebuilds_nothing(stage: Stage) -> None:
    put(stage, "a", Row("x"))
    stage.admission().run()
    wider = replace(CONTRACT, columns=(*CONTRACT.columns, Column("m", "int")))
    stage.store.put("events/b", b'{"id":"y","at":"2020-01-01T00:00:00Z","n":1,"m":2}\n')
    stage.admission(wider).run()
    rows = load(stage.lake, "serving.events", "polars").sort("id")
    assert rows["m"].to_list() == [None, 2]
    assert verify(stage.admission(wider)) == []


def test_without_an_id_equal_rows_are_events_and_equal_objects_repeats(tmp_path: Path) -> None:
    stage = Stage(tmp_path, KEYLESS)
    put(stage, "a", Row("x"), Row("x"))
    put(stage, "b", Row("x"), Row("x"))
    stage.store.put("events/c.gz", gzip.compress(lines([Row("x")])))
    total = stage.admission().run().total
    assert total == Accounting(landed=5, accepted=3, duplicates=2)
    assert verify(stage.admission()) == []


def test_without_event_time_an_id_counts_once_for_ever(tmp_path: Path) -> None:
    stage = Stage(tmp_path, TIMELESS)
    put(stage, "a", Row("x", day=1), Row("x", day=2))
    assert stage.admission().run().total == Accounting(landed=2, accepted=1, refused=1)
    put(stage, "b", Row("x", day=1))
    assert stage.admission().run().accounting == Accounting(landed=1, duplicates=1)


def test_the_same_id_on_another_day_is_another_event(stage: Stage) -> None:
    put(stage, "a", Row("x", day=1), Row("x", day=2, n=9))
    assert stage.admission().run().total == Accounting(landed=2, accepted=2)


def test_unknown_fields_that_are_kept_are_in_extra(tmp_path: Path) -> None:
    stage = Stage(tmp_path, replace(CONTRACT, unknown_fields="keep"))
    stage.store.put("events/a", b'{"id":"y","at":"2020-01-01T00:00:00Z","n":1,"m":[1.50]}\n')
    stage.admission().run()
    assert load(stage.lake, "serving.events", "polars")["_extra"].to_list() == ['{"m":[1.50]}']


def test_each_day_knows_the_epoch_that_last_added_to_it(stage: Stage) -> None:
    put(stage, "a", Row("x", day=1), Row("y", day=2))
    stage.admission().run()
    put(stage, "b", Row("x", day=1), Row("z", day=3))
    stage.admission().run()
    facts = day_facts(stage.lake, CONTRACT)
    assert [(day.day, f.rows, f.last_epoch) for day, f in facts.items()] == [
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 1),
    ]


def test_pending_reads_no_object(stage: Stage) -> None:
    assert not stage.admission().pending()
    put(stage, "a", Row("x"))
    pending = stage.admission().pending()
    assert (pending.objects, pending.unfinished, pending.head) == (1, 0, -1)
    assert stage.crash("after ledger")
    pending = stage.admission().pending()
    assert (pending.objects, pending.unfinished, pending.head) == (0, 1, 0)


def test_names_of_unfinished_objects_are_not_seen(stage: Stage) -> None:
    for name in (".hidden", "_meta", "a.tmp", "b.part", "_folder/c"):
        put(stage, name, Row("x"))
    assert stage.admission().pending().objects == 0


def test_verify_finds_what_was_tampered_with(stage: Stage) -> None:
    put(stage, "a", Row("x"), Row("y"), Row(broken="malformed"))
    stage.admission().run()
    table = stage.lake.table(CONTRACT.accepted)
    held = table.snapshot()
    with table.stage(held) as staging:
        staging.write(held.frame().collect().with_columns(n=held.frame().collect()["n"] + 1))
        files = staging.finish()
    table.replace(files, read=held, window=None)
    (found,) = verify(stage.admission())
    assert (found.kind, found.day, found.rows) == ("changed", "2020-01-01", 2)
    assert found.objects == ("events/a",)
