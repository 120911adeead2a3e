"""Columns of an identity's row that rooms above keep; each registers itself when its room is imported."""
