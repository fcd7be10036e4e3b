"""The figures of what a notebook measured: every seed a dot, every line with its spread, each with its text.

Nothing here measures or judges: a figure shows the numbers it is given, and its alternative text says them.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO

import numpy as np
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .language import _
from .tasks import bool_of, int_of

# Okabe and Ito's colours, https://jfly.uni-koeln.de/color/, with a marker each: never told by colour alone.
STYLES = (("#000000", "o"), ("#d55e00", "s"), ("#0072b2", "^"), ("#009e73", "D"), ("#cc79a7", "v"))
INCH = 90  # pixels on the screen


def show_digits(images: np.ndarray, labels: Sequence[int], columns: int = 10) -> None:
    """Show images of digits in rows, with their labels.

    Parameters
    ----------
    images : ndarray, (N, 1, H, W)
        From 0 (paper) to 1 (ink).
    labels : sequence of int
        What stands under each.
    columns : int
        Images in a row.
    """
    columns = int_of("columns", columns, 1)
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(columns * 0.85, rows * 1.05), layout="constrained")
    for place, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set(xticks=[], yticks=[], visible=place < len(images))
        axes.spines[:].set_color("#bbbbbb")
        if place < len(images):
            axes.imshow(images[place, 0], cmap="gray_r", vmin=0, vmax=1)
            axes.set_xlabel(str(labels[place]), fontsize=10, labelpad=2)
    names = ", ".join(map(str, labels))
    _show(figure, _("Images of handwritten digits, ink on paper: {names}.", names=names))


def show_maps(maps: Mapping[str, np.ndarray], same_scale: bool = False) -> None:
    """Show feature maps: a column for each name, a row for each filter; darker is stronger.

    Parameters
    ----------
    maps : mapping
        Names, and the maps of one image under each: (filters, H, W).
    same_scale : bool
        Whether the darkest grey is the largest value of all columns; if not, it is that of each column.
    """
    largest = {name: float(np.max(values)) for name, values in maps.items()}
    if bool_of("same_scale", same_scale):
        largest = dict.fromkeys(maps, max(largest.values()))
    filters = max(len(values) for values in maps.values())
    figure = Figure(figsize=(2.1 * len(maps), 2.1 * filters + 0.5), layout="constrained")
    grid = figure.subplots(filters, len(maps), squeeze=False)
    for column, (name, values) in enumerate(maps.items()):
        for row in range(filters):
            grid[row, column].set_axis_off()
            if row < len(values):
                grid[row, column].imshow(values[row], cmap="gray_r", vmin=0, vmax=max(largest[name], 1e-9))
        grid[0, column].set_title(f"{name}\n{values.shape[1]} × {values.shape[2]}", fontsize=10)
    said = "; ".join(f"{name}: {len(v)} × {v.shape[1]} × {v.shape[2]}" for name, v in maps.items())
    _show(figure, _("Feature maps of one image, darker is stronger. {said}.", said=said))


def show_accuracies(parts: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Show accuracies, one row per network, one dot per seed.

    Parameters
    ----------
    parts : mapping
        The parts of the data ("train", "test"), and in each the networks' names with their accuracies,
        0 to 1, one per seed. At most five parts.
    """
    _check_number("parts", parts)
    networks = list(next(iter(parts.values())))
    figure = Figure(figsize=(8, 0.55 * len(networks) + 1.4), layout="constrained")
    axes = figure.subplots()
    for number, (part, values) in enumerate(parts.items()):
        colour, marker = STYLES[number]
        for row, name in enumerate(networks):
            axes.plot(
                values[name],
                np.full(len(values[name]), row + 0.16 * (number - (len(parts) - 1) / 2)),
                marker,
                color=colour,
                alpha=0.75,
                markerfacecolor=colour if number else "none",
                label=part if row == 0 else None,
            )
    axes.set_yticks(range(len(networks)), networks)
    axes.invert_yaxis()
    axes.grid(axis="x", color="#dddddd")
    axes.set_xlabel(_("accuracy (one dot per seed)"))
    axes.legend(frameon=False, loc="best")
    said = "; ".join(
        f"{name}: " + ", ".join(f"{part} {_range(values[name])}" for part, values in parts.items())
        for name in networks
    )
    _show(figure, _("Accuracy of each network, every seed a dot. {said}.", said=said))


def show_shifts(pixels: Sequence[int], accuracies: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Show how the accuracy falls as the images are shifted: the mean of the seeds, and each seed.

    Parameters
    ----------
    pixels : sequence of int
        How far the images were shifted.
    accuracies : mapping
        The networks' names, five at most, and for each seed the accuracy, 0 to 1, at each of `pixels`.
    """
    _check_number("accuracies", accuracies)
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    _lines(axes, pixels, accuracies)
    axes.set_xticks(list(pixels))
    axes.set(xlabel=_("shift in pixels"), ylabel=_("accuracy on the test digits"), ylim=(0, 1))
    said = _said(pixels, accuracies, "{:.2f}")
    _show(
        figure,
        _("Accuracy against the shift, from {pixels} pixels. {said}.", pixels=_list(pixels), said=said),
    )


def show_times(sizes: Sequence[int], seconds: Mapping[str, Sequence[float]]) -> None:
    """Show how long functions take against the size of their input, both axes logarithmic.

    Parameters
    ----------
    sizes : sequence of int
        Numbers in the input.
    seconds : mapping
        The functions' names, five at most, and the time at each size; NaN where it was not measured.
    """
    _check_number("seconds", seconds)
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    _lines(axes, sizes, {name: [values] for name, values in seconds.items()})
    axes.set(xscale="log", yscale="log", xlabel=_("numbers in the input"), ylabel=_("seconds"))
    said = _said(sizes, {name: [values] for name, values in seconds.items()}, "{:.2g} s")
    _show(
        figure, _("Time against size, for inputs of {sizes} numbers. {said}.", sizes=_list(sizes), said=said)
    )


def _check_number(argument: str, shown: Mapping) -> None:
    if not 1 <= len(shown) <= len(STYLES):
        raise ValueError(f"{argument} must be 1 to {len(STYLES)}, not {len(shown)}: {list(shown)}")


def _lines(axes: Axes, x: Sequence[float], lines: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Draw for each name the mean of its repeats as a line, and every repeat as a mark."""
    for (name, repeats), (colour, marker) in zip(lines.items(), STYLES, strict=False):
        values = np.asarray(repeats, float)
        axes.plot(x, values.mean(0), color=colour, marker=marker, label=name)
        if len(values) > 1:
            axes.plot(x, values.T, marker, color=colour, alpha=0.4, markersize=4)
    axes.grid(color="#dddddd")
    axes.legend(frameon=False)


def _said(x: Sequence[float], lines: Mapping[str, Sequence[Sequence[float]]], form: str) -> str:
    """Say each line's means in words: `max: 0.93, 0.56, 0.21`."""
    return "; ".join(
        f"{name}: {_list('–' if np.isnan(each) else form.format(each) for each in np.mean(repeats, axis=0))}"
        for name, repeats in lines.items()
    )


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.3f}", f"{max(values):.3f}"
    return low if low == high else f"{low}–{high}"


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _show(figure: Figure, alt: str) -> None:
    file = BytesIO()
    figure.savefig(file, format="svg")
    source = b64encode(file.getvalue()).decode()
    style = f"width:{figure.get_figwidth() * INCH:.0f}px;max-width:100%"
    tag = f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{source}" style="{style}">'
    display(HTML(tag))
