"""Identities as a Django app: one label and one migrations folder for all of its rooms."""

from django.apps import AppConfig


class IdentitiesConfig(AppConfig):
    name = "identities"
    verbose_name = "Identities"
