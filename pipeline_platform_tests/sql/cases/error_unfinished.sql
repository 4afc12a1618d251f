SELECT carrier
FROM
