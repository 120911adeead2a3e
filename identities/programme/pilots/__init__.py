"""Ways to pick the identities of a trial by what they work on: one file a way, mostly in an app above."""
