"""Views over one stream that hold every function which splits."""

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.views import DimensionTable, View
from pipeline_platform.views.splitting import split

STREAM = "events"
COLUMNS = {
    "id": "string",
    "kind": "string",
    "at": "timestamp",
    "due": "date",
    "amount": "decimal(10,2)",
    "wide": "decimal(30,5)",
    "score": "double",
    "weight": "float",
    "tiny": "tinyint",
    "small": "int",
    "total": "bigint",
    "flag": "boolean",
    "raw": "binary",
    "place": "struct<city:string,floor:int>",
    "_event_id": "string",
    "_day": "date",
    "_epoch": "bigint",
    "_position": "int",
    "_row": "bigint",
}
DIMENSIONS = {
    "warehouse.dim_kind": DimensionTable(
        {"kind": "string", "name": "string", "rank": "int"}, (("kind",),)
    ),
    "serving.places__current": DimensionTable(
        {"city": "string", "floor": "int", "owner": "string"}, (("city", "floor"),)
    ),
}
_BY_KIND = "FROM serving.events GROUP BY kind"
VIEWS = {
    "count": f"SELECT kind, count(*) AS n, count(amount) AS amounts, count(1) AS ones {_BY_KIND}",
    "count_two": f"SELECT kind, count(amount, score) AS n {_BY_KIND}",
    "count_if": f"SELECT kind, count_if(small > 0) AS n, count_if(flag) AS flags {_BY_KIND}",
    "filter": "SELECT kind, count(*) FILTER (WHERE small > 0) AS n, "
    "sum(amount) FILTER (WHERE flag) AS amount, max(at) FILTER (WHERE amount > 10) AS last, "
    f"avg(small) FILTER (WHERE NOT flag) AS small {_BY_KIND}",
    "global": "SELECT count(*) AS n, sum(small) AS small, sum(amount) AS amount, max(at) AS last, "
    "count(DISTINCT kind) AS kinds, avg(amount) AS mean FROM serving.events",
    "global_filtered": "SELECT count(*) AS n, max(score) AS score FROM serving.events "
    "WHERE kind = 'rare' AND small = 7",
    "sum_integers": "SELECT kind, sum(tiny) AS tiny, sum(small) AS small, sum(total) AS total, "
    f"sum(small * 2 - 1) AS twice {_BY_KIND}",
    "sum_decimals": "SELECT kind, sum(amount) AS amount, sum(wide) AS wide, "
    f"sum(amount * small) AS product, sum(CAST(small AS decimal(38,0))) AS exact {_BY_KIND}",
    "sum_doubles": f"SELECT kind, sum(score) AS score, sum(weight) AS weight {_BY_KIND}",
    "avg_integers": "SELECT kind, avg(tiny) AS tiny, avg(small) AS small, mean(small) AS again "
    f"{_BY_KIND}",
    "avg_bigint": f"SELECT kind, avg(total) AS total {_BY_KIND}",
    "avg_decimals": "SELECT kind, avg(amount) AS amount, avg(CAST(tiny AS decimal(5,2))) AS tiny "
    f"{_BY_KIND}",
    "avg_doubles": f"SELECT kind, avg(score) AS score, avg(weight) AS weight {_BY_KIND}",
    "extremes": "SELECT kind, min(small) AS a, max(total) AS b, min(amount) AS c, max(score) AS d, "
    f"min(at) AS e, max(due) AS f, min(id) AS g, max(weight) AS h, min(score) AS i {_BY_KIND}",
    "extremes_of_flags": f"SELECT kind, min(flag) AS a, max(flag) AS b, max(raw) AS c {_BY_KIND}",
    "booleans": "SELECT kind, bool_and(flag) AS a, bool_or(flag) AS b, every(small > 0) AS c, "
    f"some(small > 0) AS d, any(flag) AS e {_BY_KIND}",
    "bits": f"SELECT kind, bit_and(small) AS a, bit_or(total) AS b, bit_xor(tiny) AS c {_BY_KIND}",
    "max_by": f"SELECT kind, max_by(id, at) AS last, min_by(amount, at) AS first {_BY_KIND}",
    "max_by_double": "SELECT kind, max_by(id, score) AS best, min_by(id, score) AS worst "
    f"{_BY_KIND}",
    "max_by_ties": f"SELECT kind, max_by(id, flag) AS a, min_by(small, due) AS b {_BY_KIND}",
    "max_by_expression": "SELECT kind, max_by(struct(id, amount), small) AS a, "
    f"max_by(id, date_trunc('hour', at)) AS b {_BY_KIND}",
    "max_by_filter": f"SELECT kind, max_by(id, at) FILTER (WHERE small > 0) AS last {_BY_KIND}",
    "top": "SELECT kind, slice(sort_array(collect_list(struct(amount, id)), false), 1, 3) AS top "
    f"{_BY_KIND}",
    "top_filtered": "SELECT kind, slice(sort_array(collect_list(struct(small, id)) "
    f"FILTER (WHERE small IS NOT NULL), false), 1, 2) AS top {_BY_KIND}",
    "top_least": "SELECT kind, slice(sort_array(collect_list(struct(at, id)), true), 1, 2) AS top "
    f"{_BY_KIND}",
    "distinct": "SELECT kind, count(DISTINCT id) AS ids, count(DISTINCT small) AS smalls, "
    f"count(DISTINCT amount) AS amounts, count(DISTINCT due) AS days, count(*) AS n {_BY_KIND}",
    "distinct_odd": "SELECT kind, count(DISTINCT score) AS a, count(DISTINCT flag) AS b "
    f"{_BY_KIND}",
    "distinct_filtered": "SELECT kind, count(DISTINCT id) FILTER (WHERE small > 0) AS some, "
    "count(DISTINCT id) FILTER (WHERE flag) AS flagged, count(DISTINCT id) AS all_of_them, "
    f"sum(amount) AS amount {_BY_KIND}",
    "distinct_expression": f"SELECT kind, count(DISTINCT lower(id)) AS a {_BY_KIND}",
    "distinct_two": f"SELECT kind, count(DISTINCT id, small) AS a {_BY_KIND}",
    "hll": "SELECT kind, hll_sketch_estimate(hll_sketch_agg(id, 12)) AS ids, "
    f"hll_sketch_estimate(hll_sketch_agg(small)) AS smalls {_BY_KIND}",
    "theta": f"SELECT kind, theta_sketch_estimate(theta_sketch_agg(id)) AS ids {_BY_KIND}",
    "having": f"SELECT kind, count(*) AS n {_BY_KIND} HAVING count(*) > 5 "
    "AND max(small) IS NOT NULL",
    "having_other": "SELECT kind FROM serving.events GROUP BY kind HAVING sum(small) > 10",
    "expressions": "SELECT upper(kind) AS loud, sum(amount) / count(*) AS mean, "
    "CASE WHEN count(*) > 3 THEN 'many' ELSE 'few' END AS size, "
    "coalesce(max(small), 0) - coalesce(min(small), 0) AS spread, "
    f"round(avg(amount), 1) AS rounded {_BY_KIND}",
    "expressions_of_keys": "SELECT concat(kind, '-', CAST(due AS string)) AS key, "
    "year(due) AS year, count(*) + year(due) AS n FROM serving.events GROUP BY kind, due",
    "same_expression": "SELECT lower(kind) AS quiet, count(*) AS n FROM serving.events "
    "WHERE lower(kind) <> 'b' GROUP BY lower(kind)",
    "days": "SELECT _day, count(*) AS n, sum(amount) AS amount FROM serving.events GROUP BY _day",
    "hours": "SELECT date_trunc('hour', at) AS hour, kind, count(*) AS n "
    "FROM serving.events GROUP BY date_trunc('hour', at), kind",
    "local_days": "SELECT CAST(from_utc_timestamp(at, 'America/New_York') AS date) AS day, "
    "count(*) AS n, max(at) AS last FROM serving.events "
    "GROUP BY CAST(from_utc_timestamp(at, 'America/New_York') AS date)",
    "double_keys": "SELECT score, count(*) AS n FROM serving.events GROUP BY score",
    "decimal_keys": "SELECT amount, flag, count(*) AS n FROM serving.events GROUP BY amount, flag",
    "struct_fields": "SELECT place.city AS city, count(*) AS n, max(place.floor) AS top "
    "FROM serving.events GROUP BY place.city",
    "by_position": "SELECT kind, due, count(*) AS n FROM serving.events GROUP BY 1, 2",
    "by_alias": "SELECT upper(kind) AS loud, count(*) AS n FROM serving.events GROUP BY loud",
    "where": "SELECT kind, count(*) AS n FROM serving.events "
    "WHERE (amount BETWEEN 1.50 AND 1000 OR amount IS NULL) AND kind LIKE 'a%' GROUP BY kind",
    "alias_of_table": "SELECT e.kind, count(*) AS n FROM serving.events AS e GROUP BY e.kind",
    "dimension": "SELECT e.kind, d.name, count(*) AS n, sum(e.amount) AS amount "
    "FROM serving.events e LEFT JOIN warehouse.dim_kind d ON d.kind = e.kind "
    "GROUP BY e.kind, d.name",
    "dimension_inner": "SELECT e.kind, d.name, d.rank + count(*) AS n "
    "FROM serving.events e JOIN warehouse.dim_kind d ON e.kind = d.kind "
    "GROUP BY e.kind, d.name, d.rank",
    "pinned": "SELECT d.name, date_trunc('DAY', e.at) AS day, count(*) AS n, "
    "sum(e.amount) AS amount FROM serving.events e "
    "LEFT JOIN warehouse.dim_kind d ON d.kind = e.kind "
    "WHERE d.rank > 0 OR d.rank IS NULL GROUP BY d.name, date_trunc('DAY', e.at)",
    "pinned_inner": "SELECT e.flag, count(*) AS n, sum(d.rank) AS ranks, avg(d.rank) AS mean, "
    "count(DISTINCT d.name) AS names, count(*) FILTER (WHERE d.name > e.kind) AS later "
    "FROM serving.events e JOIN warehouse.dim_kind d ON lower(e.kind) = d.kind "
    "GROUP BY e.flag HAVING max(d.rank) IS NOT NULL",
    "pinned_two": "SELECT p.owner, d.name, max_by(e.id, d.rank) AS best, count(*) AS n "
    "FROM serving.events e LEFT JOIN serving.places__current p "
    "ON p.city = e.id AND p.floor = e.small JOIN warehouse.dim_kind d ON d.kind = e.kind "
    "GROUP BY p.owner, d.name",
    "pinned_twice": "SELECT a.name AS name, b.name AS other, count(*) AS n FROM serving.events "
    "LEFT JOIN warehouse.dim_kind a ON a.kind = events.kind "
    "LEFT JOIN warehouse.dim_kind b ON b.kind = events.id GROUP BY ROLLUP (a.name, b.name)",
    "pinned_and_not": "SELECT e.kind, d.name, owner, count(*) AS n FROM serving.events e "
    "JOIN warehouse.dim_kind d ON d.kind = e.kind LEFT JOIN serving.places__current "
    "ON city = e.id AND serving.places__current.floor = e.small GROUP BY e.kind, d.name, owner",
    "dimension_two_columns": "SELECT e.id, e.small, p.owner, count(DISTINCT e.kind) AS n "
    "FROM serving.events e LEFT JOIN serving.places__current p "
    "ON p.city = e.id AND p.floor = e.small GROUP BY e.id, e.small, p.owner",
}


def view(name: str, sql: str = "") -> View:
    """The view of this name, split."""
    text = sql or VIEWS[name]
    parts = split(text, STREAM, COLUMNS, DIMENSIONS)
    return View(name, STREAM, text, (TableColumn("kind", "string"),), parts)
