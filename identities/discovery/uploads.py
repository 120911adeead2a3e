"""Uploaded files on disk for as long as they are read: readable by this process alone, and gone afterwards."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings

from identities.errors import Invalid

MIB = 1024 * 1024
LONGEST = 100


class Upload(Protocol):
    """A file as Django hands it over."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


@contextmanager
def on_disk(uploads: Iterable[Upload]) -> Iterator[list[tuple[str, Path]]]:
    """Each upload as (name, path), in a folder of mode 0700 that is removed at the end, however that comes.

    Raises Invalid where they are larger together than STEWARD_IMPORT_MAX_MB.
    """
    given = list(uploads)
    if sum(upload.size or 0 for upload in given) > settings.STEWARD_IMPORT_MAX_MB * MIB:
        most = settings.STEWARD_IMPORT_MAX_MB
        raise Invalid({"files": [f"At most {most} MiB at once. The command line takes more: import_identities."]})
    with tempfile.TemporaryDirectory(prefix="steward-import-") as folder:
        yield [_write(Path(folder) / str(number), upload) for number, upload in enumerate(given)]


def _write(folder: Path, upload: Upload) -> tuple[str, Path]:
    name = Path((upload.name or "file").replace("\\", "/")).name
    folder.mkdir(mode=0o700)
    # The readers name the file in what they refuse, and tell a workbook by its ending.
    path = folder / (re.sub(r"[^A-Za-z0-9._-]", "_", name)[-LONGEST:].lstrip(".") or "file")
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return name, path
