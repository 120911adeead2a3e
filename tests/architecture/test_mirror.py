"""Every module has its test, where one would look for it."""

from pathlib import Path

from tests.architecture.contract import ROOT, modules

#: Modules without a test of their own, by name or by path, and what shows them to be right.
ELSEWHERE = {
    "__init__": "names only",
    "apps": "wiring, run by every test",
    "asgi": "two lines of Django's own",
    "base": "what a plug-in promises, shown by the plug-ins' tests",
    "errors": "words, read by the faces' tests",
    "events": "words, read by the services' tests",
    "models": "rows, asserted by the services' tests",
    "urls": "routes, walked by the faces' tests",
    "wsgi": "served by tests/config/portal",
    "audit/actors.py": "two values, in every record that a test reads",
    "config/addresses.py": "asked in tests/config/test_metrics.py",
    "config/unfold.py": "the sidebar, walked by tests/identities/admin",
}


def places(module: Path) -> list[Path]:
    """Tests of `a/b/c/d.py`: its own, or those of the package it is part of: `tests/a/b/c/`, `tests/a/b/test_c*.py`."""
    tests = ROOT / "tests"
    own = tests / module.with_suffix("")
    found = [*own.parent.glob(f"test_{own.name}*.py"), *own.glob("test_*.py")]
    app, *rooms = module.parent.parts
    for depth, room in enumerate(rooms):
        around = tests.joinpath(app, *rooms[:depth])
        found += [*(around / room).glob("test_*.py"), *around.glob(f"test_{room}*.py")]
        found += (tests / "contracts").glob(f"test_{room}*.py")
    return found


def test_every_module_has_a_test_where_one_would_look():
    orphans = [
        str(path) for path in modules() if not {path.stem, *path.parts, str(path)} & set(ELSEWHERE) and not places(path)
    ]
    assert not orphans


def test_every_exception_is_still_needed():
    by_path = [ROOT / path for path in ELSEWHERE if "/" in path]
    assert not [path for path in by_path if not path.is_file()]
