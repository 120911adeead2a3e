"""A day of runs in twenty minutes: what a process holds at the end of it."""
