"""What counts as a finding: one file a rule, found by being here. docs/how-to/add-a-rule.md shows how."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
