SELECT carrier FROM serving.flights VERSION AS OF 3
