"""The one door to PyJWT: sign, verify, and look at a key before it is trusted."""
