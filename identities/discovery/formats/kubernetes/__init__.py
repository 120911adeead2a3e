"""Objects as kubectl prints them: service accounts, what proves them, what runs as them, what they may do."""
