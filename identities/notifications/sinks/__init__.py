"""Where messages go: one file a kind of channel, found by `register`."""
