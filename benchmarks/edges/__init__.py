"""What happens at the edges: bodies, nesting, keys, slow clients, on every way to run Steward."""
