"""Everything in one process: what a first start makes, and the threads that serve, work and tick."""
