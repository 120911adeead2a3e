"""Tokens: who gets one, what stands in it, and how it ends before its time."""
