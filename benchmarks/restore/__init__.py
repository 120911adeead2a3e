"""How long a grown estate takes to back up and to put back: `python -m benchmarks.restore`."""
