"""The notebooks' still pictures: windows on a matrix, steps along an axis, photos, lines.

Every picture is an image with an alternative text, in the language of the notebook. Nothing here pools: a
picture shows what it is given.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from html import escape
from io import BytesIO, StringIO
from typing import Any

import numpy as np
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure
from PIL import Image

from .language import _
from .photos import file_of
from .tasks import array_of, int_of, pair_of

CELL = 48  # the side of a cell, in pixels of the picture
GAP = 12
INK = "#1a1a1a"
FAINT = "#595959"
EMPTY = "#ececec"
# Tints of Okabe and Ito's palette, which stays apart in every common kind of colour blindness:
# https://jfly.uni-koeln.de/color/. Windows beside each other, or one under the other, always differ.
TINTS = (("#f7c873", "#a9d8f5"), ("#8fd6bd", "#edb6d3"))
LINES = (("#000000", "-"), ("#d55e00", "-"), ("#0072b2", "--"))


def show_windows(x: np.ndarray, kernel_size: int | tuple[int, int], result: np.ndarray | None = None) -> None:
    """Show a matrix with its windows side by side, and beside it what comes out of each.

    Parameters
    ----------
    x
        A matrix, shape (H, W). Cells that belong to no whole window are grey.
    kernel_size
        The window: an int, or a pair (height, width). It moves by its own size.
    result
        What came out, shape (H', W'); without it, every window's value is a question mark.
    """
    x, (height, width) = array_of("x", x, 2), pair_of("kernel_size", kernel_size, 1)
    rows, columns = x.shape[0] // height, x.shape[1] // width
    values = np.full((rows, columns), "?") if result is None else array_of("result", result, 2)
    drawing = _Drawing()
    for (i, j), value in np.ndenumerate(x):
        row, column = i // height, j // width
        inside = row < rows and column < columns
        tint = TINTS[row % 2][column % 2] if inside else EMPTY
        drawing.cell(j * CELL, i * CELL, _number(value), tint, faint=not inside)
    for row in range(rows):
        for column in range(columns):
            drawing.frame(column * width * CELL, row * height * CELL, width * CELL, height * CELL)
    left, top = (x.shape[1] + 1.5) * CELL, (x.shape[0] - values.shape[0]) * CELL / 2
    drawing.text(left - 0.75 * CELL, x.shape[0] * CELL / 2, "→", size=28)
    for (i, j), value in np.ndenumerate(values):
        drawing.cell(left + j * CELL, top + i * CELL, _number(value), TINTS[i % 2][j % 2])
    alt = _(
        "Matrix: {matrix}. Windows of {height}×{width}, side by side. What comes out: {result}.",
        matrix=_spoken(x),
        height=height,
        width=width,
        result=_spoken(values),
    )
    drawing.show(alt)


def show_padding(x: np.ndarray, kernel_size: int, padding: int, fill: str) -> None:
    """Show a matrix with its padding around it, and the first window on both.

    Parameters
    ----------
    x
        A matrix, shape (H, W).
    kernel_size, padding
        The side of the window, and how many cells are put on every side.
    fill
        What is written into the cells of the padding.
    """
    x, fill = array_of("x", x, 2), str(fill)
    kernel_size, padding = int_of("kernel_size", kernel_size, 1), int_of("padding", padding, 0)
    drawing = _Drawing()
    for i in range(-padding, x.shape[0] + padding):
        for j in range(-padding, x.shape[1] + padding):
            real = 0 <= i < x.shape[0] and 0 <= j < x.shape[1]
            text, tint = (_number(x[i, j]), TINTS[0][1]) if real else (fill, "#ffffff")
            drawing.cell((j + padding) * CELL, (i + padding) * CELL, text, tint, faint=not real)
    drawing.frame(0, 0, kernel_size * CELL, kernel_size * CELL, colour="#d55e00", width=5)
    alt = _(
        "Matrix: {matrix}. Around it, {padding} cell(s) of padding on every side, each holding {fill}. "
        "A frame marks the first window, {kernel}×{kernel}, in the upper left corner of the padding.",
        matrix=_spoken(x),
        padding=padding,
        fill=fill,
        kernel=kernel_size,
    )
    drawing.show(alt)


def show_steps(size: int, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
    """Show the window's steps along one axis, and the first step that does not fit any more.

    Parameters
    ----------
    size, kernel_size, stride, padding
        Of one axis, in cells; without `stride` the window moves by its own size.
    """
    size, kernel_size = int_of("size", size, 1), int_of("kernel_size", kernel_size, 1)
    stride = kernel_size if stride is None else int_of("stride", stride, 1)
    padding = int_of("padding", padding, 0)
    cells, side = size + 2 * padding, 36
    drawing = _Drawing()
    for i in range(cells):
        real = padding <= i < size + padding
        text = str(i - padding) if real else ""
        drawing.cell(i * side, 0, text, TINTS[0][1] if real else "#ffffff", faint=not real, side=side)
    fitting = [start for start in range(0, cells + 1, stride) if start + kernel_size <= cells]
    over = len(fitting) * stride
    for step, start in enumerate(fitting):
        drawing.bar(start * side, (step + 1.4) * side * 0.8, kernel_size * side, str(step + 1), TINTS[0][0])
    drawing.bar(over * side, (len(fitting) + 1.4) * side * 0.8, kernel_size * side, "✗", None)
    starts = ", ".join(str(start - padding) for start in fitting)
    alt = _(
        "A row of {size} cells with {padding} of padding at each end. Windows of {kernel} begin at cells "
        "{starts}; the next one would reach over the end.",
        size=size,
        padding=padding,
        kernel=kernel_size,
        starts=starts,
    )
    drawing.show(alt)


def show_flow(grad_output: np.ndarray, x: np.ndarray, grad_x: np.ndarray) -> None:
    """Show a gradient on its way back: what comes in, the input it meets, and where it ends up.

    Parameters
    ----------
    grad_output
        The gradient that comes in, shape (H', W'): one cell per window.
    x, grad_x
        The input of the layer and its gradient, both of shape (H, W). Cells that get some are coloured.
    """
    parts = {"grad_output": grad_output, "x": x, "grad_x": grad_x}
    parts = {name: array_of(name, matrix, 2) for name, matrix in parts.items()}
    if parts["grad_x"].shape != parts["x"].shape:
        raise ValueError(f"grad_x must have the shape of x, {parts['x'].shape}, not {parts['grad_x'].shape}")
    drawing, left = _Drawing(), 0.0
    tallest = max(len(matrix) for matrix in parts.values())
    for name, matrix in parts.items():
        top = 24 + (tallest - matrix.shape[0]) * CELL / 2
        for (i, j), value in np.ndenumerate(matrix):
            reached = name == "grad_output" or parts["grad_x"][i, j] != 0
            tint = TINTS[0][name == "x"] if reached else EMPTY
            drawing.cell(left + j * CELL, top + i * CELL, _number(value), tint, faint=not reached)
        drawing.text(left + matrix.shape[1] * CELL / 2, 8, name, size=15)
        left += (matrix.shape[1] + 1) * CELL
        if name != "grad_x":
            drawing.text(left - CELL / 2, 24 + tallest * CELL / 2, "→", size=28)
    drawing.show(
        _(
            "Three matrices. Gradient that comes in: {grad_output}. Input: {x}. "
            "Gradient of the input: {grad_x}.",
            **{name: _spoken(matrix) for name, matrix in parts.items()},
        )
    )


def show_photos(*images: np.ndarray, captions: Sequence[str] = (), alt: str = "", width: int = 260) -> None:
    """Show photos side by side, all equally large, so that fewer pixels are larger squares.

    Parameters
    ----------
    images
        Shape (C, H, W), or (N, C, H, W), whose first image is shown; from 0 to 255, with 1 or 3 channels.
    captions
        What stands under each, before its size.
    alt
        What the pictures show, for those who cannot see them; without it, this course's photo, or the colour
        of a single pixel.
    width
        The width of each on the screen, in pixels.
    """
    figures = []
    for i, image in enumerate(images):
        pixels = _pixels(image)
        size = _("{height} × {width} pixels", height=pixels.shape[0], width=pixels.shape[1])
        caption = f"{captions[i]}, {size}" if i < len(captions) else size
        file = file_of(pixels) or _webp(pixels.shape, pixels.tobytes())
        tag = _img("image/webp", file, f"{caption}. {alt or _described(pixels)}", width)
        figures.append(
            f'<figure style="display:inline-block;margin:0 12px 8px 12px">{tag}'
            f'<figcaption style="text-align:center">{escape(caption)}</figcaption></figure>'
        )
    display(HTML("".join(figures)))


def show_profiles(lines: Mapping[str, np.ndarray], place: str, rows: tuple[int, int]) -> None:
    """Show how bright the cells along one line of a photo are, for up to three versions of the photo.

    Parameters
    ----------
    lines
        The versions' names, and their values along the line; shorter ones are stretched to the longest.
    place
        Where in the photo the line lies, for the title.
    rows
        The first row that is drawn, and the one after the last.
    """
    if not 1 <= len(lines) <= len(LINES):
        raise ValueError(f"lines must be 1 to {len(LINES)}, not {len(lines)}: {list(lines)}")
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    length = max(len(values) for values in lines.values())
    for (name, values), (colour, style) in zip(lines.items(), LINES, strict=False):
        edges = np.linspace(0, length, len(values) + 1)
        thin = 1.0 if len(values) == length else 2.4
        axes.stairs(values, edges, label=name, color=colour, linestyle=style, linewidth=thin, baseline=None)
    axes.set(xlabel=_("row of the photo"), ylabel=_("brightness (0 to 255)"), title=place, xlim=rows)
    axes.legend(frameon=False)
    file = StringIO()
    figure.savefig(file, format="svg")
    ranges = "; ".join(
        _("{name}: from {low} to {high}", name=name, low=_number(np.min(v)), high=_number(np.max(v)))
        for name, v in lines.items()
    )
    alt = _("Lines of brightness. {place}. {ranges}.", place=place, ranges=ranges)
    display(HTML(_img("image/svg+xml", file.getvalue().encode(), alt, 720)))


@contextmanager
def when_written(*functions: Callable[..., Any]) -> Iterator[None]:
    """Let a cell wait in peace for functions that the student has not finished yet.

    An exception in the `with` block becomes one friendly line that names the functions.

    Parameters
    ----------
    functions
        The student's functions that the block calls.
    """
    names = ", ".join(f"`{function.__name__}`" for function in functions)
    try:
        yield
    except NotImplementedError:
        display(Markdown(_("This cell waits for {names}. Write it first, then run it again.", names=names)))
    except Exception as error:
        line = _(
            "{names} stopped with **{kind}**: {text}. Let its check help you, then run this again.",
            names=names,
            kind=type(error).__name__,
            text=str(error)[:200],
        )
        display(Markdown(line))


class _Drawing:
    """An SVG that grows with what is drawn on it, then is shown as an image."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.right = self.bottom = 0.0

    def _add(self, part: str, right: float, bottom: float) -> None:
        self.parts.append(part)
        self.right, self.bottom = max(self.right, right), max(self.bottom, bottom)

    def text(self, x: float, y: float, text: str, colour: str = INK, size: float = 17) -> None:
        self._add(
            f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="middle" '
            f'dominant-baseline="central">{escape(text)}</text>',
            x,
            y,
        )

    def cell(
        self, x: float, y: float, text: str, tint: str, *, faint: bool = False, side: float = CELL
    ) -> None:
        dashes = ' stroke-dasharray="4 3"' if faint else ""
        self._add(
            f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{tint}" stroke="{FAINT}"{dashes}/>',
            x + side,
            y + side,
        )
        self.text(
            x + side / 2, y + side / 2, text, FAINT if faint else INK, min(17, 52 / max(len(text), 1) + 4)
        )

    def frame(self, x: float, y: float, w: float, h: float, colour: str = INK, width: float = 2.5) -> None:
        self._add(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="{colour}" '
            f'stroke-width="{width}"/>',
            x + w,
            y + h,
        )

    def bar(self, x: float, y: float, w: float, text: str, tint: str | None) -> None:
        dashes = "" if tint else ' stroke-dasharray="6 4"'
        self._add(
            f'<rect x="{x + 2}" y="{y}" width="{w - 4}" height="22" rx="5" fill="{tint or "#ffffff"}" '
            f'stroke="{INK}"{dashes}/>',
            x + w,
            y + 22,
        )
        self.text(x + w / 2, y + 11, text, size=14)

    def show(self, alt: str) -> None:
        w, h = self.right + 2 * GAP, self.bottom + 2 * GAP
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
            f'font-family="system-ui, sans-serif"><rect width="{w}" height="{h}" rx="6" fill="#ffffff"/>'
            f'<g transform="translate({GAP} {GAP})">{"".join(self.parts)}</g></svg>'
        )
        display(HTML(_img("image/svg+xml", svg.encode(), alt, round(w))))


def _img(mime: str, data: bytes, alt: str, width: int) -> str:
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    style = f"width:{width}px;max-width:100%;image-rendering:pixelated"
    return f'<img alt="{escape(alt)}" src="{source}" style="{style}">'


@lru_cache(maxsize=8)  # the same photo stands beside one version after the other
def _webp(shape: tuple[int, ...], pixels: bytes) -> bytes:
    """Write (H, W, 3) of uint8 as WebP, without loss: in half of the time of a PNG, and in less space."""
    file = BytesIO()
    Image.frombytes("RGB", (shape[1], shape[0]), pixels).save(
        file, "webp", lossless=True, quality=0, method=0
    )
    return file.getvalue()


def _pixels(image: np.ndarray) -> np.ndarray:
    """Turn (C, H, W) or (N, C, H, W), from 0 to 255, into the (H, W, 3) of uint8 that an image file holds."""
    image = array_of("images", image, 3, 4)
    if 0 in image.shape or image.shape[-3] not in (1, 3) or image.dtype.kind not in "biuf":
        raise ValueError(
            "images must hold real numbers, with 1 or 3 channels; "
            f"one has the shape {image.shape} and the dtype {image.dtype}"
        )
    image = image[0] if image.ndim == 4 else image
    if image.dtype != np.uint8:
        image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    image = image.transpose(1, 2, 0)
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _described(pixels: np.ndarray) -> str:
    if pixels.shape[:2] == (1, 1):
        red, green, blue = pixels[0, 0]
        return _("One colour: red {red}, green {green}, blue {blue}.", red=red, green=green, blue=blue)
    return _("A tabby cat's face seen from near: green eyes, reddish nose, thin white whiskers.")


def _number(value: Any) -> str:
    """Write a number shortly: 36.5, 100, 4.33."""
    if isinstance(value, str):
        return value
    return (
        str(value) if isinstance(value, np.integer | int) else f"{float(value):.2f}".rstrip("0").rstrip(".")
    )


def _spoken(matrix: np.ndarray) -> str:
    return "; ".join(", ".join(_number(value) for value in row) for row in matrix)
