"""What each engine cannot do, and why; the only list of gaps."""

from msgspec import Struct

from pipeline_platform.errors import CapabilityMissing, UnknownName

ENGINES = ("sail", "spark", "connect")


class Feature(Struct, frozen=True):
    """A feature that some engine lacks; `probe` is a query that shows it."""

    name: str
    probe: str
    lacking: dict[str, str]


_SAIL = "pysail 0.7.2 "
FEATURES = {
    f.name: f
    for f in (
        Feature(
            "session_window",
            "SELECT count(*) AS n FROM VALUES (TIMESTAMP '2013-01-01') AS t(ts) "
            "GROUP BY session_window(ts, '5 minutes')",
            {"sail": _SAIL + "has no session windows"},
        ),
        Feature(
            "kll_sketches",
            "SELECT kll_sketch_get_n_bigint(kll_sketch_agg_bigint(x)) AS n "
            "FROM VALUES (1L) AS t(x)",
            {"sail": _SAIL + "has no KLL sketches"},
        ),
        Feature(
            "approx_top_k",
            "SELECT approx_top_k(x, 1) AS top FROM VALUES (1), (1), (2) AS t(x)",
            {"sail": _SAIL + "has no approx_top_k"},
        ),
        Feature(
            "group_by_all",
            "SELECT x, count(*) AS n FROM VALUES (1), (1) AS t(x) GROUP BY ALL",
            {"sail": _SAIL + "reads ALL as a column"},
        ),
        Feature(
            "integer_overflow_error",
            "SELECT x + 1L AS y FROM VALUES (9223372036854775807L) AS t(x)",
            {"sail": _SAIL + "wraps around where ANSI mode asks for an error"},
        ),
        Feature(
            "literal_precision",
            "SELECT x * 3 AS y FROM VALUES (CAST(1 AS decimal(10,2))) AS t(x)",
            {"sail": _SAIL + "gives a whole literal the precision of its type, not of its digits"},
        ),
        Feature(
            "bround",
            "SELECT bround(CAST(2.5 AS decimal(2,1))) AS y",
            {"sail": _SAIL + "rounds halves up, and gives a double"},
        ),
        Feature(
            "datediff_type",
            "SELECT datediff(DATE '2013-01-02', DATE '2013-01-01') AS y",
            {"sail": _SAIL + "gives a bigint where Spark gives an int"},
        ),
        Feature(
            "null_struct_in_memory",
            "SELECT id, place.city AS y FROM events",
            {"sail": _SAIL + "shows what lies under a NULL struct of a frame from memory"},
        ),
        Feature(
            "array_contains_null",
            "SELECT array_contains(array(1, NULL), 2) AS y",
            {"sail": _SAIL + "answers false where an element is NULL"},
        ),
        Feature(
            "delta",
            "",
            {"spark": "classic Spark reads Delta only with the Delta jars on its class path"},
        ),
    )
}


def missing(engine: str, feature: str) -> str | None:
    """Why `engine` lacks `feature`, or None where it has it."""
    if feature not in FEATURES:
        raise UnknownName("engine feature", feature, FEATURES)
    return FEATURES[feature].lacking.get(engine)


def require(engine: str, feature: str, *, where: str = "") -> None:
    """CapabilityMissing with the reason and the engines that have it, unless `engine` does."""
    reason = missing(engine, feature)
    if reason:
        able = [e for e in ENGINES if e not in FEATURES[feature].lacking]
        raise CapabilityMissing(
            f"engine {engine!r} lacks {feature!r}",
            where=where,
            known=reason,
            remedy=f"run it on {' or '.join(able)}" if able else "write it without",
        )
