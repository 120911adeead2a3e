"""Steward with a hand on the plug: processes, broker and database are killed while a thousand occurrences come due.

`python -m benchmarks.chaos` does it and has an independent checker judge what is left; `benchmarks.chaos.outages` takes
one part away for minutes. Everything is started here, on loopback, in a folder of its own, and is gone afterwards.
"""
