"""What each tenant has from the start: our own workflows, with identities of their own; found when the app is ready."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
