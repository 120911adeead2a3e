"""A Passport that remembers nothing, and answers over HTTP as workers ask it."""

from tests.scheduling.runner.conftest import passport, rsa_key

__all__ = ["passport", "rsa_key"]
