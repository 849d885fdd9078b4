"""A believable fleet on one machine, for demos, tests and benchmarks; nothing imports it."""
