"""Looking for our secrets in files, folders and pipes, without holding a file in memory."""

import codecs
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from identities.credentials.recognition import Recognised, recognise

STANDARD_INPUT = "-"
#: What version control keeps packed: a search finds nothing in it; `git log -p` unpacks it.
PACKED = frozenset({".git", ".hg", ".svn"})
PIECE, SNIFFED = 256 * 1024, 8192


@dataclass(frozen=True, slots=True)
class Place:
    """One secret in one file."""

    file: str
    found: Recognised


@dataclass
class Search:
    """Goes through what is named, and keeps what could not be read and how much was binary.

    `standard_input` is what `-` means; `look` is told of each file before it is read.
    """

    names: Sequence[str]
    standard_input: BinaryIO
    look: Callable[[int, str], None] = lambda number, name: None
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    binary: int = 0

    def missing(self) -> list[str]:
        """Those of the names that nothing stands behind."""
        return [name for name in self.names if name != STANDARD_INPUT and not os.path.lexists(name)]

    def places(self) -> Iterator[Place]:
        """Every secret, file by file; the checksum is right, nothing is known of who issued it."""
        for name in self.names:
            if name == STANDARD_INPUT:
                yield from self._read("(standard input)", self.standard_input)
            elif Path(name).is_dir():
                for path in self._under(name):
                    yield from self._open(path)
            else:
                yield from self._open(name)

    def _under(self, folder: str) -> Iterator[str]:
        """Regular files in their order: no link leads out of the folder, and no pipe lets the search wait for ever."""
        for where, folders, files in os.walk(folder, onerror=self._refused):
            folders[:] = sorted(name for name in folders if name not in PACKED)
            for name in sorted(files):
                path = str(Path(where) / name)
                try:
                    if stat.S_ISREG(os.lstat(path).st_mode):
                        yield path
                except OSError as error:
                    self._refused(error)

    def _open(self, path: str) -> Iterator[Place]:
        try:
            with Path(path).open("rb") as stream:
                yield from self._read(path, stream)
        except OSError as error:
            self._refused(error)

    def _read(self, name: str, stream: BinaryIO) -> Iterator[Place]:
        self.files += 1
        self.look(self.files, name)
        first = stream.read(SNIFFED)
        self.binary += b"\0" in first
        for found in recognise(_texts(first, stream)):
            yield Place(name, found)

    def _refused(self, error: OSError) -> None:
        self.unreadable.append((str(error.filename or ""), error.strerror or type(error).__name__))


def _texts(first: bytes, stream: BinaryIO) -> Iterator[str]:
    """Bytes as text in which our characters are what they are, also where each has two bytes (UTF-16)."""
    decoder, piece = codecs.getincrementaldecoder("utf-8")("replace"), first
    while piece:
        yield decoder.decode(piece).replace("\0", "")
        piece = stream.read(PIECE)
