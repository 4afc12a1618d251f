SELECT carrier, min(dep_delay) AS least, max(scheduled_at) AS last, bool_and(cancelled) AS all_of_them,
  any(cancelled) AS one, bit_xor(distance) AS bits, max(DISTINCT dep_delay) AS most
FROM serving.flights
GROUP BY carrier
