"""Two releases on one database: `python -m benchmarks.upgrade`; and the rows of a grown estate."""
