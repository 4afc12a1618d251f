SELECT
    concat(
        carrier,
        '@',
        CAST(row_number() OVER (PARTITION BY carrier ORDER BY valid_from) AS string)
    ) AS airline_key,
    carrier,
    name,
    valid_from,
    valid_to,
    is_current
FROM serving.airlines__history
UNION ALL
SELECT
    'unknown' AS airline_key,
    CAST(NULL AS string) AS carrier,
    '(unknown)' AS name,
    timestamp'1900-01-01 00:00:00Z' AS valid_from,
    CAST(NULL AS timestamp) AS valid_to,
    TRUE AS is_current
