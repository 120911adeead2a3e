"""The real settings, with the tables made straight from the models: a benchmark needs no history."""

from config.settings import *  # noqa: F403


class NoMigrations:
    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


MIGRATION_MODULES = NoMigrations()
BACKGROUND_WRITERS = False
