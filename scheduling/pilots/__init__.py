"""What of scheduling a trial can be picked by: one file each, found when the app is ready."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
