SELECT carrier, max(aggregate(transform(tags, tag -> length(tag)), 0, (total, n) -> total + n)) AS most
FROM serving.flights
WHERE exists(tags, tag -> tag <> '')
GROUP BY carrier
