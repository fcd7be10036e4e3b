"""The explorer without a kernel: a page that stays alive, and a still figure where no script runs."""

from __future__ import annotations

import base64
import json
import math
import uuid
from html import escape
from pathlib import Path
from typing import Any

from ..language import _
from .setting import Setting, show

HERE = Path(__file__).parent
CELL = 44
STEP = 46  # from one cell to the next
GAP = 70  # between input and output
TOP = 34
LABEL = 150  # what "Output 10 × 10" takes in either language

INK, SOFT, LINE, ACCENT = "#16212c", "#52606d", "#d5dde5", "#c44500"


def _paint(value: float, low: float, high: float, palette: list[Any]) -> tuple[str, str]:
    """Return a cell's colour, and black or white on it, whichever is easier to read."""
    t = (value - low) / (high - low) if high > low and math.isfinite(value) else 0.5
    rgb = [a + t * (b - a) for a, b in zip(*palette, strict=True)]
    linear = [(v / 255 / 12.92) if v <= 10.3 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in rgb]
    bright = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179
    return "rgb({:.0f},{:.0f},{:.0f})".format(*rgb), "#000" if bright else "#fff"


def _cell(x: float, y: float, text: str, fill: str, ink: str) -> str:
    size = min(17, 62 / max(len(text), 1))
    return (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="6" fill="{fill}"/>'
        f'<text x="{x + CELL / 2}" y="{y + CELL / 2}" font-size="{size:.1f}" fill="{ink}">{text}</text>'
    )


def still_svg(rows: list[list[float]], setting: Setting, place: tuple[int, int], palette: list[Any]) -> str:
    """Return the figure at one place of the window as SVG text; `place` is the window's (row, column)."""
    height, width = len(rows), len(rows[0])
    n_rows, n_cols = setting.windows((height, width))
    down, across = setting.padding
    finite = [value for row in rows for value in row if math.isfinite(value)] or [0.0]
    ends = (min(finite), max(finite))
    parts = [f'<text x="2" y="16" class="t" fill="{INK}">{_("Input")} {height} × {width}</text>']
    for r in range(-down, height + down):
        for c in range(-across, width + across):
            x, y = 2 + (c + across) * STEP, TOP + (r + down) * STEP
            if 0 <= r < height and 0 <= c < width:
                parts.append(_cell(x, y, show(rows[r][c]), *_paint(rows[r][c], *ends, palette)))
            else:
                parts.append(_cell(x, y, "-∞" if setting.mode == "max" else "0", "#eef1f4", SOFT))
    left = 2 + (width + 2 * across) * STEP + GAP
    parts.append(f'<text x="{left}" y="16" class="t" fill="{INK}">{_("Output")} {n_rows} × {n_cols}</text>')
    for row, column in setting.places((height, width)):
        x, y = left + column * STEP, TOP + row * STEP
        if (row, column) <= place:
            value = setting.formula(setting.seen(rows, (row, column)))[1]
            parts.append(_cell(x, y, show(value), *_paint(value, *ends, palette)))
        else:
            parts.append(
                f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="6" fill="none" stroke="{LINE}"/>'
            )
    top, first = setting.corner(place)
    frames = [(2 + (first + across) * STEP, TOP + (top + down) * STEP, *setting.window)]
    if n_rows:
        frames.append((left + place[1] * STEP, TOP + place[0] * STEP, 1, 1))
    parts += [
        f'<rect x="{x - 1}" y="{y - 1}" width="{w * STEP}" height="{h * STEP}" rx="8" fill="none" '
        f'stroke="{ACCENT}" stroke-width="3"/>'
        for x, y, h, w in frames
    ]
    size = (left + max(n_cols * STEP, LABEL) + 4, TOP + max(height + 2 * down, n_rows) * STEP + 4)
    style = (
        "text{text-anchor:middle;dominant-baseline:central;font-weight:600}.t{text-anchor:start;fill:"
        + INK
        + "}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" font-family="system-ui, DejaVu Sans, sans-serif" font-size="15">'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


def live_output(svg: str, alternative: str, values: dict[str, Any]) -> str:
    """Return HTML that draws itself anew where scripts run, and shows the still figure where they do not.

    Parameters
    ----------
    svg : str
        The still figure.
    alternative : str
        The same in words.
    values : dict
        The picture's values, as JSON can carry them.
    """
    name = f"pooling-{uuid.uuid4().hex[:12]}"
    image = base64.b64encode(svg.encode()).decode()
    script = (HERE / "picture.js").read_text(encoding="utf-8")
    style = (HERE / "picture.css").read_text(encoding="utf-8")
    data = json.dumps(values, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<div id="{name}" class="pooling-page"><img class="pooling-still" alt="{escape(alternative)}" '
        f'src="data:image/svg+xml;base64,{image}"></div>\n<style>\n{style}</style>\n'
        f'<script type="module">\n{script}\nmount(document.getElementById("{name}"), {data});\n</script>'
    )


def whole_page(body: str, title: str, language: str) -> str:
    """Return a page of its own around such an output."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>:root { color-scheme: light dark } body { max-width: 1080px; margin: 16px auto; "
        f"padding: 0 12px }}</style>\n<main>\n{body}\n</main>\n</html>\n"
    )
