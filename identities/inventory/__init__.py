"""The register: who an identity is, who owns it, how it is classed."""
