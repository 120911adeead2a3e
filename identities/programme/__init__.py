"""How the programme goes: its numbers, their daily snapshots, the reports and the saved filters."""
