"""The keys that lie beside an embedded database: made once, readable by their owner only, never printed."""

import base64
import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

PRIVATE_FILE = stat.S_IRUSR | stat.S_IWUSR
PRIVATE_FOLDER = stat.S_IRWXU


def new_secret_key() -> str:
    """A fresh value for Django's SECRET_KEY: 64 random bytes as text."""
    return secrets.token_urlsafe(64)


def new_encryption_key() -> str:
    """A fresh STEWARD_ENCRYPTION_KEY: 32 random bytes, urlsafe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def make_data_dir(path: Path) -> None:
    """Make `path` with mode 0700; a folder that is already there keeps the mode its owner gave it."""
    if not path.is_dir():
        path.mkdir(parents=True, mode=PRIVATE_FOLDER)
        path.chmod(PRIVATE_FOLDER)


def read(path: Path) -> str:
    """The key in `path`, or nothing when there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """The key in `path`, made first when it is absent.

    Of two processes that start at once one writes and both read the same key: the file appears whole, by a link.
    """
    found = read(path)
    if found:
        return found
    make_data_dir(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return read(path)
