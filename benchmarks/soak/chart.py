"""`python -m benchmarks.soak.chart CSV... --to docs/images/soak.svg`: the samples of a soak as a picture."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak import samples
from benchmarks.soak.samples import Sample

WIDE, HIGH, LEFT, TOP, RIGHT, BOTTOM = 760, 340, 56, 44, 150, 44
COLOURS = ("#1f6feb", "#bf5af2", "#d9822b", "#2da44e", "#cf222e")
BOUND = 150.0
STYLE = "font-family:system-ui,sans-serif;font-size:12px;fill:#57606a"


def drawn(lines: dict[str, Sequence[Sample]]) -> str:
    """An SVG: RSS of each line over minutes, and the bound."""
    last = max(one.seconds for line in lines.values() for one in line) / 60
    top = max(200.0, max(one.rss for line in lines.values() for one in line) * 1.1)

    def at(minute: float, megabytes: float) -> str:
        across = LEFT + (WIDE - LEFT - RIGHT) * minute / last
        return f"{across:.1f},{HIGH - BOTTOM - (HIGH - TOP - BOTTOM) * megabytes / top:.1f}"

    parts = [f'<text x="{LEFT}" y="22" style="{STYLE};font-size:14px">RSS in MB over a day of runs in minutes</text>']
    for step in range(0, int(top) + 1, 50):
        x, y = at(0, step).split(",")
        parts.append(f'<line x1="{x}" y1="{y}" x2="{WIDE - RIGHT}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{float(y) + 4}" text-anchor="end" style="{STYLE}">{step}</text>')
    for minute in range(0, int(last) + 1, 5):
        x = at(minute, 0).split(",")[0]
        parts.append(f'<text x="{x}" y="{HIGH - BOTTOM + 18}" text-anchor="middle" style="{STYLE}">{minute} min</text>')
    y = at(0, BOUND).split(",")[1]
    parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDE - RIGHT}" y2="{y}" stroke="#cf222e" stroke-dasharray="5 4"/>')
    for number, (name, line) in enumerate(lines.items()):
        colour, points = COLOURS[number % len(COLOURS)], " ".join(at(one.seconds / 60, one.rss) for one in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        where = TOP + 20 * number
        parts.append(f'<rect x="{WIDE - RIGHT + 12}" y="{where}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{WIDE - RIGHT + 30}" y="{where + 10}" style="{STYLE}">{name}</text>')
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    whole = "\n".join([f'<rect width="{WIDE}" height="{HIGH}" fill="#ffffff"/>', *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{whole}\n</svg>\n'


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.chart", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, default=Path("docs/images/soak.svg"))
    chosen = parser.parse_args()
    lines: dict[str, Sequence[Sample]] = {}
    for file in chosen.files:
        found = samples.read(file)
        for part in dict.fromkeys(one.part for one in found):
            lines[part] = [one for one in found if one.part == part]
    chosen.to.write_text(drawn(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
