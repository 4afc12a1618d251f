"""The latest row known at an instant, by both clocks."""

import numpy as np
import polars as pl

from pipeline_platform.features.search import (
    NOWHERE,
    Facts,
    Ints,
    Points,
    bounds,
    first_not_below,
)


def latest(
    points: Points, facts: Facts, values: pl.DataFrame, *, ttl_us: int | None, inclusive: bool
) -> Ints:
    """Per point the place in `values` of its latest row, NOWHERE where there is none.

    Of the rows with both instants at or before T' (strictly before, unless `inclusive`)
    the one with the greatest (event, available, values in order), NULL least, NaN greatest.
    A row known later never shadows one that happened later: rows are ranked by event and
    ordered by the instant from which both clocks have passed; the greatest rank so far wins.
    """
    row = _settled(facts, values)
    known, best = _by_knowledge(facts)
    low, high = bounds(points, facts)
    limit = points.at + 1 if inclusive else points.at
    place = first_not_below(known, limit, low, high) - 1
    found = points.known & (place >= low)
    if not len(row):
        return np.full(len(place), NOWHERE, np.int64)
    winner = best[np.where(found, place, 0)]
    if ttl_us is not None:
        found &= points.at - facts.event[winner] <= ttl_us
    return np.where(found, row[winner], NOWHERE)


def _by_knowledge(facts: Facts) -> tuple[Ints, Ints]:
    """Instants at which rows became known, rising within a key, and the best rank by then.

    Ranks of a later key exceed all of an earlier one, so that one running maximum over
    all rows starts anew with every key.
    """
    known = np.maximum(facts.event, facts.available)
    rank = np.arange(len(known))
    if not ((known[1:] < known[:-1]) & (facts.code[1:] == facts.code[:-1])).any():
        return known, rank
    order = pl.DataFrame({"code": facts.code, "known": known, "rank": rank}).sort("code", "known")
    return order["known"].to_numpy(), np.maximum.accumulate(order["rank"].to_numpy())


def _settled(facts: Facts, values: pl.DataFrame) -> Ints:
    """The places of the rows, those of equal key and instants ordered by their values."""
    same = np.ones(max(0, len(facts.row) - 1), np.bool_)
    for column in (facts.code, facts.event, facts.available):
        same &= column[1:] == column[:-1]
    if not same.any():
        return facts.row
    tied = np.append(same, False) | np.append(False, same)
    places = facts.row[tied]
    ties = values[places].with_columns(
        __code=facts.code[tied], __event=facts.event[tied], __available=facts.available[tied]
    )
    keys = ["__code", "__event", "__available", *values.columns]
    order = ties.select(pl.arg_sort_by(keys, nulls_last=False)).to_series().to_numpy()
    row = facts.row.copy()
    row[tied] = places[order]
    return row
