"""What people agree to when they approve or certify an identity: its portrait, part by part."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
