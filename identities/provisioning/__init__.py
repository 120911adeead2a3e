"""Identities as code: the register as a YAML document, compared, applied and written out again (S3-12, S4-49)."""
