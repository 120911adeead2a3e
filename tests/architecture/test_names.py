"""Names and sizes."""

from tests.architecture.contract import ROOT, modules

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "handler", "handlers", "misc"}
LONGEST = 300


def test_no_module_has_a_name_that_says_nothing():
    named = [path for path in modules() if {path.stem, *path.parts[:-1]} & SAYS_NOTHING]
    assert not named


def test_every_folder_of_tests_is_a_package():
    """Without it two tests of one name in two folders are taken for each other."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]


def test_no_file_is_past_the_length_at_which_it_is_split():
    sizes = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert not {path: size for path, size in sizes.items() if size > LONGEST}
