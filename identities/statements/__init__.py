"""SQL that is compiled once and asked a thousand times, and writers that share a statement. Knows no table."""
