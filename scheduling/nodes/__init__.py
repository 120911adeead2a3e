"""What a step of a workflow can do: one file a kind, found by being here. docs/how-to/add-a-node.md shows how."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
