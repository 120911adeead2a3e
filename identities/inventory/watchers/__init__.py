"""Who has to know at once that something of an identity changed; rooms above register their own when ready."""
