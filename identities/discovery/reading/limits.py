"""How much of a file is taken: what no honest export exceeds, so that no other fills the memory."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`file_bytes` of one file (a workbook: unpacked); `columns` and `line` (characters) of one row of a table.
    `rows` of a table, empty ones too, and objects in the lists of a JSON file: what is read in minutes.

    Of JSON: `depth` of nesting, `values` in one item, `item_size` and `value_size` (characters) of an item and of one
    value. Of a workbook: `ratio` is how many times larger than packed a part may be, `part_bytes` the size of any part
    but a sheet.
    """

    file_bytes: int = 512 * MEBIBYTE
    columns: int = 1000
    line: int = MEBIBYTE
    depth: int = 64
    values: int = 500_000
    item_size: int = 32 * MEBIBYTE
    value_size: int = 8 * MEBIBYTE
    ratio: int = 200
    part_bytes: int = 64 * MEBIBYTE
    rows: int = 1_048_576


LIMITS = Limits()
