SELECT
    concat(
        tailnum,
        '@',
        CAST(row_number() OVER (PARTITION BY tailnum ORDER BY valid_from) AS string)
    ) AS plane_key,
    tailnum,
    year,
    manufacturer,
    model,
    engines,
    seats,
    engine,
    valid_from,
    valid_to,
    is_current
FROM serving.planes__history
UNION ALL
SELECT
    'unknown' AS plane_key,
    CAST(NULL AS string) AS tailnum,
    CAST(NULL AS int) AS year,
    CAST(NULL AS string) AS manufacturer,
    CAST(NULL AS string) AS model,
    CAST(NULL AS int) AS engines,
    CAST(NULL AS int) AS seats,
    CAST(NULL AS string) AS engine,
    timestamp'1900-01-01 00:00:00Z' AS valid_from,
    CAST(NULL AS timestamp) AS valid_to,
    TRUE AS is_current
