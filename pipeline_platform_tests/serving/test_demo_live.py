"""`demo --live`: what is sent, and that the batch changes no answer."""

from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline_platform.cli.demo_live import Replay, differing, replay
from pipeline_platform.cli.replay import DUE, KIND, day_of
from pipeline_platform.errors import Abort

DAY = date(2013, 7, 10)


def test_every_event_is_sent_once_and_some_again() -> None:
    sent, whole = day_of(DAY, 0.1, 0.2), day_of(DAY, 0, 0)
    assert sent["flights"].equals(day_of(DAY, 0.1, 0.2)["flights"])
    for stream, rows in whole.items():
        first = sent[stream].filter(pl.col(KIND) != "repeat").drop(DUE, KIND)
        again = sent[stream].filter(pl.col(KIND) == "repeat").drop(DUE, KIND)
        assert Counter(first.rows()) == Counter(rows.drop(DUE, KIND).rows())
        assert set(again.rows()) <= set(first.rows())
        assert sent[stream][DUE].is_sorted()
    kinds = Counter(sent["flights"][KIND])
    assert 60 < kinds["late"] < 140
    assert 140 < kinds["repeat"] < 260
    assert set(whole["weather"][KIND]) == {"on time"}


def test_a_day_without_flights_is_refused() -> None:
    with pytest.raises(Abort, match="2013"):
        day_of(date(2015, 1, 1), 0, 0)


def test_rows_that_differ_are_counted() -> None:
    one = pl.DataFrame({"k": ["a", "b", None], "v": [1.0, 2.0, 3.0]})
    assert differing(one, one.reverse()) == 0
    assert differing(one, one.with_columns(v=pl.col("v").replace(2.0, 9.0))) == 2
    assert differing(one, one.head(1)) == 2
    near = one.with_columns(v=pl.col("v") * (1 + 1e-13))
    assert (differing(one, near), differing(one, near, ["v"])) == (6, 0)


@pytest.mark.slow
def test_a_replayed_day_is_settled_without_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIPELINE_PLATFORM_HOME", str(tmp_path))
    monkeypatch.setenv("PIPELINE_PLATFORM_PROJECT", "")
    replay(Replay(DAY, speed=30_000, late=0.1, repeats=0.1, port=0))
    printed = capsys.readouterr()
    assert "/live/departures_by_hour" in printed.err
    assert "no tables to join: flights_by_manufacturer\n" in printed.err
    assert "the batch settled" in printed.err
    assert "rows are equal before the batch, after it, and by plain SQL" in printed.err
    assert "departures_by_hour" in printed.out
    (home,) = (tmp_path / "live").iterdir()
    assert {path.name for path in home.iterdir()} >= {"landing", "lake"}
