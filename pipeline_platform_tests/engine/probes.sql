-- Queries over the frames, by name; every engine gives the same rows and types.

-- count_forms
SELECT count(*) AS n, count(kind) AS k, count(DISTINCT kind) AS d FROM events;

-- count_if
SELECT count_if(flag) AS t, count_if(NOT flag) AS f FROM events;

-- count_filter
SELECT count(*) FILTER (WHERE small > 0) AS n FROM events;

-- count_distinct_pair
SELECT count(DISTINCT kind, day) AS n FROM events;

-- nothing_global
SELECT count(*) AS n, sum(id) AS s FROM events WHERE id > 100;

-- nothing_grouped
SELECT kind, count(*) AS n FROM events WHERE id > 100 GROUP BY kind;

-- null_group
SELECT kind, count(*) AS n FROM events GROUP BY kind;

-- null_logic
SELECT id, kind = 'a' OR flag AS o, kind = 'a' AND flag AS n FROM events;

-- null_safe
SELECT id, kind <=> NULL AS e FROM events;

-- not_in_null
SELECT id FROM events WHERE kind NOT IN ('a', 'b');

-- coalesce
SELECT id, coalesce(kind, 'none') AS k, nullif(small, 0) AS n FROM events;

-- sum_types
SELECT sum(small) AS i, sum(amount) AS d, sum(id) AS b FROM events;

-- avg_types
SELECT avg(small) AS i, avg(amount) AS d FROM events;

-- division
SELECT id, id / 2 AS q, id % 3 AS r, id div 2 AS w FROM events;

-- negative_modulo
SELECT small, small % 3 AS r, pmod(small, 3) AS p FROM events;

-- decimal_math
SELECT id, amount * small AS m, amount + amount AS a, amount - 0.5 AS s FROM events;

-- decimal_product
SELECT id, amount * amount AS p FROM events;

-- decimal_cast
SELECT id, CAST(amount AS decimal(12,4)) AS w, CAST(amount AS int) AS i FROM events;

-- round_half
SELECT round(2.5) AS a, round(-2.5) AS b, round(1.005, 2) AS c;

-- rounding
SELECT id, floor(score) AS f, ceil(score) AS c FROM events WHERE abs(score) < 10;

-- nan_order
SELECT id, score > 1e308 AS big, score = score AS same FROM events;

-- nan_extremes
SELECT max(score) AS hi, min(score) AS lo FROM events;

-- negative_zero
SELECT count(DISTINCT score + 0.0) AS n FROM events WHERE id IN (2);

-- greatest
SELECT id, greatest(small, id) AS g, least(small, id) AS l FROM events;

-- int_extremes
SELECT min(small) AS lo, max(small) AS hi FROM events;

-- bitwise
SELECT id, id & 3 AS a, id | 8 AS o, id ^ 1 AS x, shiftleft(id, 2) AS s FROM events;

-- try_functions
SELECT try_cast('x' AS int) AS c, try_divide(1, 0) AS d;

-- stddev
SELECT round(stddev(id), 9) AS s, round(var_pop(id), 9) AS v FROM events;

-- text_case
SELECT id, upper(kind) AS u, lower(kind) AS l, length(kind) AS n FROM events;

-- text_cut
SELECT id, substring(kind, 1, 1) AS s, concat(kind, '!') AS c FROM events;

-- text_trim
SELECT trim('  x ') AS t, lpad('7', 3, '0') AS l, split('a,b', ',') AS s;

-- text_like
SELECT id FROM events WHERE kind LIKE '%t_s';

-- text_regex
SELECT regexp_extract('a-12', '([a-z])-([0-9]+)', 2) AS e, 'abc' RLIKE '^a' AS m;

-- text_replace
SELECT regexp_replace('a1b2', '[0-9]', '#') AS r, replace('aa', 'a', 'b') AS p;

-- text_escape
SELECT 'it\'s' AS q, "double" AS d;

-- text_order
SELECT min(kind) AS lo, max(kind) AS hi FROM events;

-- concat_ws
SELECT id, concat_ws('|', kind, CAST(small AS string)) AS c FROM events;

-- number_text
SELECT id, CAST(amount AS string) AS a, CAST(flag AS string) AS f FROM events;

-- date_math
SELECT id, date_add(day, 30) AS a, CAST(datediff(day, DATE '2013-01-01') AS int) AS d FROM events;

-- date_parts
SELECT id, year(at) AS y, month(at) AS m, dayofweek(at) AS w, hour(at) AS h FROM events;

-- trunc
SELECT id, date_trunc('HOUR', at) AS h, trunc(day, 'MM') AS m FROM events;

-- to_local
SELECT id, from_utc_timestamp(at, 'America/New_York') AS l FROM events;

-- to_utc
SELECT id, to_utc_timestamp(at, 'America/New_York') AS u FROM events WHERE id <> 2;

-- local_day
SELECT id, CAST(from_utc_timestamp(at, 'America/New_York') AS date) AS d FROM events;

-- make_interval
SELECT id, at + make_interval(0, 0, 0, 0, 0, small % 60) AS t FROM events;

-- interval_literal
SELECT id, at + INTERVAL 90 MINUTES AS t FROM events;

-- unix_time
SELECT id, unix_seconds(at) AS s, unix_micros(at) AS u FROM events;

-- timestamp_diff
SELECT id, timestampdiff(MINUTE, TIMESTAMP '2013-01-01', at) AS m FROM events;

-- format_time
SELECT id, date_format(at, 'yyyy-MM-dd HH:mm:ss') AS f FROM events;

-- parse_time
SELECT to_timestamp('2013-03-10T06:59:59Z') AS z, to_date('2013-03-10') AS d;

-- parse_format
SELECT to_timestamp('10/03/2013 06:59', 'dd/MM/yyyy HH:mm') AS t;

-- last_day
SELECT last_day(DATE '2012-02-10') AS l, add_months(DATE '2013-01-31', 1) AS a;

-- tumbling
SELECT window(at, '1 day').start AS s, count(*) AS n FROM events WHERE at IS NOT NULL GROUP BY window(at, '1 day');

-- row_number
SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id DESC) AS n FROM events;

-- running
SELECT id, sum(id) OVER (ORDER BY id ROWS 2 PRECEDING) AS s FROM events;

-- lag
SELECT id, lag(id) OVER (ORDER BY id) AS p, lead(id, 2, -1) OVER (ORDER BY id) AS n FROM events;

-- ranks
SELECT id, rank() OVER (ORDER BY amount) AS r, dense_rank() OVER (ORDER BY amount) AS d FROM events;

-- rollup
SELECT kind, day, count(*) AS n, grouping_id() AS g FROM events GROUP BY ROLLUP(kind, day);

-- having
SELECT kind, count(*) AS n FROM events GROUP BY kind HAVING count(*) > 1;

-- inner_join
SELECT e.id, k.name FROM events AS e JOIN kinds AS k ON e.kind = k.kind;

-- left_join
SELECT e.id, k.name FROM events AS e LEFT JOIN kinds AS k ON e.kind = k.kind;

-- full_join
SELECT e.id, k.name FROM events AS e FULL JOIN kinds AS k ON e.kind = k.kind;

-- anti_join
SELECT e.id FROM events AS e LEFT ANTI JOIN kinds AS k ON e.kind = k.kind;

-- semi_join
SELECT e.id FROM events AS e LEFT SEMI JOIN kinds AS k ON e.kind = k.kind;

-- exists
SELECT id FROM events AS e WHERE EXISTS (SELECT 1 FROM kinds AS k WHERE k.kind = e.kind);

-- union
SELECT kind FROM events UNION SELECT kind FROM kinds;

-- except
SELECT kind FROM kinds EXCEPT SELECT kind FROM events;

-- cte
WITH x AS (SELECT kind, max(id) AS m FROM events GROUP BY kind) SELECT * FROM x;

-- max_by
SELECT kind, max_by(small, id) AS v, min_by(id, amount) AS w FROM events GROUP BY kind;

-- case
SELECT id, CASE WHEN small > 0 THEN 'p' WHEN small < 0 THEN 'n' END AS s FROM events;

-- order_nulls
SELECT id FROM events ORDER BY kind NULLS LAST, id LIMIT 3;

-- struct_field
SELECT id, place.city AS c, place.floor AS f FROM events WHERE place IS NOT NULL;

-- struct_max
SELECT max(struct(day, id)) AS m FROM events;

-- array_size
SELECT id, size(tags) AS n, array_contains(tags, 'x') AS x FROM events WHERE id <> 4;

-- explode
SELECT id, tag FROM events LATERAL VIEW explode(tags) AS tag;

-- collect
SELECT kind, sort_array(collect_list(id)) AS ids FROM events GROUP BY kind;

-- collect_set
SELECT sort_array(collect_set(kind)) AS k FROM events;

-- flatten
SELECT flatten(array(array(1, 2), array(3))) AS f, array_distinct(array(1, 1)) AS d;

-- higher_order
SELECT transform(array(1, 2), x -> x * 2) AS t, filter(array(1, 2), x -> x > 1) AS f;

-- top_k
SELECT slice(sort_array(collect_list(struct(amount, id)), false), 1, 2) AS t FROM events;

-- hll
SELECT hll_sketch_estimate(hll_sketch_agg(id, 12)) AS n FROM events;

-- hll_union
SELECT hll_sketch_estimate(hll_union_agg(s)) AS n FROM (SELECT kind, hll_sketch_agg(id, 12) AS s FROM events GROUP BY kind);

-- percentile
SELECT percentile(id, 0.5) AS p, median(id) AS m FROM events;

-- digests
SELECT sha2('x', 256) AS s, md5('x') AS m, crc32('x') AS c;

-- xxhash
SELECT id, xxhash64(id, kind) AS h FROM events;

-- bool_aggregates
SELECT bool_and(flag) AS a, bool_or(flag) AS o, every(id > 0) AS e FROM events;
