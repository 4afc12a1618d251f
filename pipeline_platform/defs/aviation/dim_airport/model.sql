SELECT
    concat(
        airport,
        '@',
        CAST(row_number() OVER (PARTITION BY airport ORDER BY valid_from) AS string)
    ) AS airport_key,
    airport,
    name,
    latitude,
    longitude,
    altitude,
    timezone,
    valid_from,
    valid_to,
    is_current
FROM serving.airports__history
UNION ALL
SELECT
    'unknown' AS airport_key,
    CAST(NULL AS string) AS airport,
    '(unknown)' AS name,
    CAST(NULL AS double) AS latitude,
    CAST(NULL AS double) AS longitude,
    CAST(NULL AS int) AS altitude,
    CAST(NULL AS string) AS timezone,
    timestamp'1900-01-01 00:00:00Z' AS valid_from,
    CAST(NULL AS timestamp) AS valid_to,
    TRUE AS is_current
