"""The queue's half of the rooms, one file a subject. Celery finds the tasks here by importing this package."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
