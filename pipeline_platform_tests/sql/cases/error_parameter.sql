SELECT carrier FROM serving.flights WHERE _day >= ?
