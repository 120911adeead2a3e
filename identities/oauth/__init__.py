"""The OAuth face of Passport: token, introspection, revocation, keys and metadata."""
