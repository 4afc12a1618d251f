"""What waits for admission: nothing is lost or taken twice, and nobody waits for long."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.contracts.epochs import ObjectRef
from pipeline_platform.ingest.intake import Intake

SIZES = st.integers(1, 40)
STEPS = st.lists(st.one_of(st.lists(SIZES, max_size=6), st.none()), max_size=40)


def refs(first: int, sizes: list[int]) -> list[ObjectRef]:
    """Objects numbered from `first`."""
    return [ObjectRef(f"k{first + n}", size, "1") for n, size in enumerate(sizes)]


@given(STEPS, st.integers(1, 60), st.integers(1, 5))
def test_every_object_is_taken_once_and_epochs_are_bounded(
    steps: list[list[int] | None], most_bytes: int, most_objects: int
) -> None:
    intake, seen, taken = Intake({}), list[ObjectRef](), list[ObjectRef]()
    for step in [*steps, *[None] * 300]:
        if step is None:
            epoch = intake.take(most_bytes, most_objects)
            assert len(epoch) <= most_objects
            assert len(epoch) <= 1 or sum(ref.size for ref in epoch) <= most_bytes
            taken += epoch
        else:
            new = refs(len(seen), step)
            seen += new
            intake.see([*new, *seen[:3]])
        assert intake.bytes == sum(ref.size for ref in seen) - sum(ref.size for ref in taken)
    assert sorted(taken) == sorted(seen)
    assert (len(intake), intake.bytes) == (0, 0)


def test_small_objects_that_come_during_a_backlog_go_in_the_next_epoch_but_one() -> None:
    intake = Intake({})
    intake.see(refs(0, [10] * 1000))
    waited = []
    for number in range(1000, 1050):
        (live,) = refs(number, [1])
        intake.see([live])
        for epochs in range(1, 4):
            if live in intake.take(50, 100):
                waited.append(epochs)
                break
    assert len(waited) == 50
    assert max(waited) <= 2
    assert len(intake) < 1000 - 50 * 4


def test_a_backlog_advances_while_live_objects_fill_every_other_epoch() -> None:
    intake = Intake({})
    old = refs(0, [10] * 100)
    intake.see(old)
    first = set(intake.take(50, 100))
    left = set(old) - first
    for number in range(60):
        intake.see(refs(1000 + number * 10, [5] * 10))
        left -= set(intake.take(50, 100))
    assert not left


def test_what_another_admission_planned_is_not_taken() -> None:
    intake = Intake({})
    mine, theirs = refs(0, [1, 1])
    intake.see([mine, theirs])
    assert set(intake.take(10, 10)) == {mine, theirs}
    intake.planned([theirs])
    intake.give_back()
    intake.see([mine, theirs])
    assert intake.take(10, 10) == (mine,)
    intake.planned([mine])
    intake.give_back()
    assert intake.take(10, 10) == ()


def test_a_known_object_with_another_identity_is_told_and_not_taken() -> None:
    known = ObjectRef("k", 1, "1")
    intake, other = Intake({"k": known}), ObjectRef("k", 1, "2")
    intake.see([known, other])
    assert intake.take(10, 10) == ()
    assert (intake.changed(), intake.changed()) == ((other,), ())


def test_an_object_that_grows_while_it_waits_is_taken_as_it_is_last() -> None:
    intake, last = Intake({}), ObjectRef("k", 7, "2")
    intake.see([ObjectRef("k", 3, "1")])
    intake.see([last])
    assert intake.bytes == 7
    assert intake.take(10, 10) == (last,)
