"""Wiring only: what the rooms need to stand in one process or in many."""
