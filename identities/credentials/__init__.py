"""How an identity proves itself: client secrets, their format, their keyed digests and their use."""
