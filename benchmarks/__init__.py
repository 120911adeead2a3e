"""Measurements, side by side in one run: what Steward does beside what it could be compared with."""
