"""Reprocess: another contract over the same ledger, swapped in by one commit."""

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import Abort, ContractChanged, LeaseHeld
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.replay import replay
from pipeline_platform.ingest.reprocess import outlook
from pipeline_platform.ingest.verify import verify
from pipeline_platform.lake.catalog import load
from pipeline_platform.models.pins import pinned
from pipeline_platform.models.query import query
from pipeline_platform.settings import prepare_process
from pipeline_platform_tests.ingest.oracle import CONTRACT, Row, lines
from pipeline_platform_tests.ingest.stage import Stage

BIG = replace(CONTRACT, columns=(*CONTRACT.columns[:2], Column("n", "bigint")))
SHORT = replace(CONTRACT, columns=CONTRACT.columns[:2], rules=(), unknown_fields="drop")
STRICT = replace(CONTRACT, columns=(*CONTRACT.columns[:2], Column("n", "int", nullable=False)))
PAIRS = replace(CONTRACT, event_id=("id", "n"))
LOOSE = replace(CONTRACT, rules=())
TEXT = replace(LOOSE, columns=(*CONTRACT.columns[:2], Column("n", "string")))
CHANGES = {"retyped": BIG, "removed": SHORT, "required": STRICT, "other id": PAIRS, "text": TEXT}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stream with arrivals, refusals of each kind, and one replay."""
    made = Stage(tmp_path, CONTRACT)
    put(made, "a", Row("x", n=1), Row("y", n=5000), Row(broken="malformed"), Row("z", n=None))
    made.admission().run()
    put(made, "b", Row("x", n=1), Row("x", n=2), Row("w", day=3, n=7000))
    made.admission().run()
    replay(made.admission(LOOSE), ["rule"])
    put(made, "c", Row("v", day=2, n=3), Row("y", n=5000))
    made.admission(LOOSE).run()
    return made


def put(stage: Stage, name: str, *rows: Row) -> None:
    """Land an object that holds `rows`."""
    stage.store.put(f"events/{name}", lines(list(rows)))


def fresh(stage: Stage, folder: Path, contract: StreamContract) -> Stage:
    """Another lake to which the same objects came one by one under `contract`."""
    other = Stage(folder, contract)
    for path in sorted((Path(stage.store.root) / "events").iterdir()):
        other.store.put(f"events/{path.name}", path.read_bytes())
        other.admission().run()
    return other


def rows(stage: Stage) -> list[tuple[object, ...]]:
    """The accepted rows without their places."""
    found = load(stage.lake, "serving.events", "polars")
    named = [name for name in found.columns if not name.startswith("_")]
    return sorted(found.select(named).rows(), key=str)


def level(stage: Stage, contract: StreamContract) -> Accounting:
    """Check that all books agree; the total."""
    total = accounts.total(stage.admission(contract).tables)
    assert total.balanced
    assert total.landed == total.accepted + total.duplicates + total.open_refusals
    assert total.accepted == len(rows(stage))
    assert total.open_refusals == stage.refused().total()
    assert verify(stage.admission(contract)) == []
    return total


@pytest.mark.parametrize("change", CHANGES)
def test_the_new_rows_are_those_of_a_stream_that_had_the_contract_from_its_start(
    stage: Stage, tmp_path: Path, change: str
) -> None:
    contract = CHANGES[change]
    before = accounts.total(stage.admission().tables)
    done = stage.reprocess(contract)
    other = fresh(stage, tmp_path / "other", contract)
    assert rows(stage) == rows(other)
    assert stage.refused() == other.refused()
    total, plain = level(stage, contract), level(other, contract)
    assert (total.landed, total.accepted, total.open_refusals) == (
        plain.landed,
        plain.accepted,
        plain.open_refusals,
    )
    assert (done.before, done.after, done.generation) == (before, total, 1)


@pytest.mark.parametrize("change", CHANGES)
def test_admission_goes_on_after_the_swap(stage: Stage, tmp_path: Path, change: str) -> None:
    contract = CHANGES[change]
    stage.reprocess(contract)
    put(stage, "d", Row("x", n=1), Row("u", n=4), Row(broken="malformed"))
    stage.admission(contract).run()
    other = fresh(stage, tmp_path / "other", contract)
    assert rows(stage) == rows(other)
    assert stage.refused() == other.refused()
    level(stage, contract)
    stage.reprocess(contract)
    assert rows(stage) == rows(other)
    level(stage, contract)


def test_an_epoch_planned_under_the_old_contract_is_read_under_the_new_one(
    stage: Stage,
) -> None:
    put(stage, "d", Row("u", n=4))
    stage.contract = LOOSE
    assert stage.crash("after refused")
    with pytest.raises(ContractChanged, match="reprocess events"):
        stage.admission(BIG).run()
    done = stage.reprocess(BIG)
    assert done.last == 3
    assert ("u", 4) not in [(row[0], row[2]) for row in rows(stage)]
    stage.admission(BIG).run()
    assert ("u", 4) in [(row[0], row[2]) for row in rows(stage)]
    level(stage, BIG)


def test_a_stream_whose_first_epoch_was_only_planned(tmp_path: Path) -> None:
    stage = Stage(tmp_path, CONTRACT)
    put(stage, "a", Row("x"))
    assert stage.crash("after ledger")
    with pytest.raises(ContractChanged):
        stage.admission(BIG).run()
    assert stage.reprocess(BIG).last == -1
    assert stage.admission(BIG).run().total == Accounting(landed=1, accepted=1)
    level(stage, BIG)


def test_an_admission_that_began_before_the_swap_gives_way(stage: Stage) -> None:
    held = stage.admission(LOOSE)
    held.prepare()
    put(stage, "d", Row("u", n=4), Row(broken="malformed"))
    stage.reprocess(LOOSE)
    assert held.run().accounting == Accounting(landed=2, accepted=1, refused=1)
    level(stage, LOOSE)


def test_an_admission_that_knows_another_contract_says_so(stage: Stage) -> None:
    held = stage.admission(LOOSE)
    held.prepare()
    put(stage, "d", Row("u", n=4))
    stage.reprocess(SHORT)
    with pytest.raises(ContractChanged, match="start this process again"):
        held.run()
    stage.admission(SHORT).run()
    level(stage, SHORT)


def test_a_replayed_row_is_judged_where_it_landed(tmp_path: Path) -> None:
    """The mended contract was in force from the start, so the replay finds nothing to do:
    without the replay the same rows come out, and the row that came between is a conflict."""
    stage = Stage(tmp_path, CONTRACT)
    put(stage, "a", Row("x", n=5000), Row(broken="malformed"))
    stage.admission().run()
    put(stage, "b", Row("x", n=10))
    stage.admission().run()
    replay(stage.admission(LOOSE))
    assert stage.accepted() == [("x", 1, 10)]
    assert stage.refused() == {"conflict": 1, "malformed": 1}
    stage.reprocess(LOOSE)
    assert stage.accepted() == [("x", 1, 5000)]
    assert stage.refused() == {"conflict": 1, "malformed": 1}
    assert level(stage, LOOSE) == Accounting(
        landed=3, accepted=1, duplicates=0, refused=3, replayed=1
    )


def test_an_object_that_was_unreadable_and_is_restored_is_read_where_it_landed(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, CONTRACT)
    put(stage, "a", Row("x"), Row("z"))
    put(stage, "b", Row("y"))
    assert stage.crash("after ledger")
    hidden = Path(stage.store.root) / "events/a"
    aside = hidden.rename(hidden.with_name(".a"))
    stage.admission().run()
    assert stage.reprocess(CONTRACT).after == Accounting(landed=2, accepted=1, refused=1)
    aside.rename(hidden)
    stage.reprocess(CONTRACT)
    assert level(stage, CONTRACT) == Accounting(landed=3, accepted=3)


def test_raw_objects_that_are_gone_are_named_and_nothing_begins(stage: Stage) -> None:
    before = rows(stage)
    (Path(stage.store.root) / "events/b").unlink()
    put(stage, "c", Row("other"))
    with pytest.raises(Abort, match="events/b is gone, events/c changed"):
        stage.reprocess(BIG)
    assert rows(stage) == before
    assert not (Path(stage.lake.root) / "_reprocess").exists()


def test_an_object_written_again_with_equal_bytes_is_no_loss(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        path = Path(stage.store.root) / "events" / name
        stage.store.put(f"events/{name}", path.read_bytes())
    stage.reprocess(BIG)
    level(stage, BIG)


def test_a_stream_without_epochs_has_nothing_to_rebuild(tmp_path: Path) -> None:
    with pytest.raises(Abort, match="admit events"):
        Stage(tmp_path, CONTRACT).reprocess(CONTRACT)


def test_two_at_once_and_the_second_names_the_first(stage: Stage) -> None:
    lease = stage.leases.take("reprocess-events", "reprocess of stream events")
    with pytest.raises(LeaseHeld, match="reprocess of stream events, process"):
        stage.reprocess(BIG)
    lease.release()
    stage.reprocess(BIG)


def test_the_outlook_tells_what_would_be_rebuilt(stage: Stage) -> None:
    seen = outlook(stage.admission(BIG), stage.store)
    assert (seen.last, seen.objects, seen.generation) == (3, 3, 0)
    assert seen.changes == ("column n was int, is bigint",)
    assert seen.bytes == sum(ref.size for ref in stage.store.list("events/"))


def test_readers_of_refused_rows_see_one_generation(stage: Stage) -> None:
    prepare_process("sail")
    engine = SailEngine()
    ask = "SELECT reason, count(*) AS rows FROM serving.events__refused GROUP BY 1 ORDER BY 1"
    held = stage.lake.table(CONTRACT.refused).snapshot()
    before = stage.refused()
    stage.reprocess(BIG)
    after = Counter(stage.refused())
    assert after != before
    found = query(ask, engine=engine, lake=stage.lake).to_pylist()
    assert {row["reason"]: row["rows"] for row in found} == after
    old = load(stage.lake, "serving.events__refused", "polars", held.version)
    assert Counter(old["reason"].to_list()) == before
    versions = {"serving.events__refused": held.version}
    with pinned(versions, engine=engine, lake=stage.lake, versions=versions) as pins:
        view = pins.views["serving.events__refused"]
        found = engine.sql(ask.replace("serving.events__refused", view)).collect()
    assert {row["reason"]: row["rows"] for row in found} == before


def test_rows_of_generations_that_are_over_are_dropped(stage: Stage) -> None:
    def generations(name: str) -> set[int]:
        found = stage.lake.table(TableName.parse(name)).snapshot().frame(["_generation"])
        return set(found.collect()["_generation"].fill_null(0))

    for contract, kept in ((BIG, {0, 1}), (LOOSE, {1, 2}), (BIG, {2, 3})):
        stage.reprocess(contract)
        assert generations("serving.events__refused") == kept
        assert generations("raw.events__accounting") == kept
        level(stage, contract)
