"""May it? The guard, the Cedar engine behind it and the rows that remember each decision."""
