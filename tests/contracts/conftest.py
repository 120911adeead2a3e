"""The servers that the providers of secrets are asked with."""

from tests.factories.vault_servers import azure, bao, gcp, moto

__all__ = ["azure", "bao", "gcp", "moto"]
