"""The explorer as students call it: the picture, its controls, and the outputs that show it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from ..language import _, current_language
from ..tasks import array_of, bool_of
from . import controls as table
from . import yours
from .examples import Example, Shown, crop, examples, own_array, plain_rows
from .setting import MODES, Setting, setting_of
from .still import live_output, still_svg, whole_page
from .words import translated, words

HERE = Path(__file__).parent

# Low and high end of the cells' colours, red, green and blue: in a light and in a dark theme.
PALETTES = {
    "blue": [[[233, 242, 251], [8, 56, 104]], [[24, 44, 66], [196, 226, 255]]],
    "grey": [[[0, 0, 0], [255, 255, 255]], [[0, 0, 0], [255, 255, 255]]],
}

DEFAULTS: dict[str, Any] = {"kernel_size": 2, "stride": None, "padding": 0, "mode": "max"}

# The values that choose what the student's function is called with.
SETTING = (
    "example",
    "channel",
    "mode",
    "window_height",
    "window_width",
    "stride_height",
    "stride_width",
    "padding_height",
    "padding_width",
    "count_include_pad",
)


class Watched(ipywidgets.Widget):
    """A widget that is announced to the browser only where there is one."""

    def open(self) -> None:
        """Announce it to the browser, where there is one."""
        if has_frontend():
            super().open()


class Picture(Watched, anywidget.AnyWidget):
    """The figure: draws itself in the browser from these values, and keeps them in line with each other."""

    _esm = HERE / "picture.js"
    _css = HERE / "picture.css"

    examples: traitlets.List[Any] = traitlets.List().tag(sync=True)
    words: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    palettes: traitlets.Dict[Any, Any] = traitlets.Dict(PALETTES).tag(sync=True)
    links: traitlets.List[Any] = traitlets.List().tag(sync=True)
    yours: traitlets.Instance[Any] = traitlets.Instance(dict, allow_none=True).tag(sync=True)
    whole: traitlets.Bool[Any, Any] = traitlets.Bool(False).tag(sync=True)

    example: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    channel: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    mode: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    window_height: traitlets.Int[Any, Any] = traitlets.Int(2).tag(sync=True)
    window_width: traitlets.Int[Any, Any] = traitlets.Int(2).tag(sync=True)
    stride_height: traitlets.Int[Any, Any] = traitlets.Int(2).tag(sync=True)
    stride_width: traitlets.Int[Any, Any] = traitlets.Int(2).tag(sync=True)
    padding_height: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    padding_width: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    count_include_pad: traitlets.Bool[Any, Any] = traitlets.Bool(True).tag(sync=True)
    same: traitlets.Bool[Any, Any] = traitlets.Bool(True).tag(sync=True)
    stride_is_window: traitlets.Bool[Any, Any] = traitlets.Bool(True).tag(sync=True)
    position: traitlets.Int[Any, Any] = traitlets.Int(0).tag(sync=True)
    playing: traitlets.Bool[Any, Any] = traitlets.Bool(False).tag(sync=True)

    # What follows from the others.
    longest_window: traitlets.Int[Any, Any] = traitlets.Int(2).tag(sync=True)
    most_padding: traitlets.Int[Any, Any] = traitlets.Int(table.MOST_PADDING).tag(sync=True)
    last_position: traitlets.Int[Any, Any] = traitlets.Int(1).tag(sync=True)
    last_channel: traitlets.Int[Any, Any] = traitlets.Int(1).tag(sync=True)
    show_width: traitlets.Unicode[Any, Any] = traitlets.Unicode("none").tag(sync=True)
    show_channel: traitlets.Unicode[Any, Any] = traitlets.Unicode("none").tag(sync=True)
    show_include_pad: traitlets.Unicode[Any, Any] = traitlets.Unicode("none").tag(sync=True)

    @property
    def setting(self) -> Setting:
        """The setting shown now."""
        return Setting(
            (self.window_height, self.window_width),
            (self.stride_height, self.stride_width),
            (self.padding_height, self.padding_width),
            MODES[self.mode],
            self.count_include_pad,
        )

    def values(self) -> dict[str, Any]:
        """Return all that the figure is drawn from."""
        own = set(Picture.class_trait_names()) - set(anywidget.AnyWidget.class_trait_names()) - {"links"}
        return {name: getattr(self, name) for name in own}


def picture_values(setting: Setting, stride_is_window: bool) -> dict[str, Any]:
    """Return a setting under the picture's names."""
    pairs = {"window": setting.window, "stride": setting.stride, "padding": setting.padding}
    heights = {f"{name}_height": pair[0] for name, pair in pairs.items()}
    widths = {f"{name}_width": pair[1] for name, pair in pairs.items()}
    return {
        **heights,
        **widths,
        "mode": MODES.index(setting.mode),
        "count_include_pad": setting.count_include_pad,
        "same": all(pair[0] == pair[1] for pair in pairs.values()),
        "stride_is_window": stride_is_window,
    }


class Explorer(Watched, ipywidgets.VBox):
    """What `explore` returns: show it as a cell's value, or save it as a page.

    Attributes
    ----------
    picture : Picture
        The figure; its values can be read and set from Python.
    """

    def __init__(
        self, picture: Picture, shown: list[Shown], function: Callable[..., Any] | None, static: bool
    ):
        self.picture = picture
        self._shown = shown
        self._function = function
        self._static = static
        self._outcome: tuple[Any, yours.Shown] | None = None
        self._controls = [control for control in table.CONTROLS if self._wants(control)]
        titles = [example["title"] for example in picture.examples]
        if function is not None:
            self._try_yours()
            picture.observe(self._try_yours, names=list(SETTING))
        is_shown_live = has_frontend() and not static
        super().__init__(self._with_controls(titles) if is_shown_live else [picture])
        self.add_class("pooling-explorer")

    def _with_controls(self, titles: list[str]) -> list[ipywidgets.Widget]:
        """Return the picture and its controls, as they stand under each other."""
        rooms = table.as_widgets(self._controls, titles, self.picture)
        panels = {name: ipywidgets.Box(widgets) for name, widgets in rooms.items()}
        for panel in panels.values():
            panel.add_class("pooling-panel")
        return [panels["top"], self.picture, panels["motion"], panels["settings"]]

    def _wants(self, control: table.Control) -> bool:
        if self._function is None or control.asks is None:
            return True
        if control.asks == "mode":
            return yours.mode_of(self._function) is None
        return control.asks in yours.asked(self._function)

    def _try_yours(self, _change: Any = None) -> None:
        """Run the student's function with the setting shown now, and go to the first difference."""
        function: Any = self._function
        picture, setting = self.picture, self.picture.setting
        shown = self._shown[picture.example]
        channel = min(picture.channel, len(shown.channels) - 1)
        for_one = yours.name_of(function).endswith("_matrix")
        run = (picture.example, setting, channel if for_one else None)
        matrices = shown.channels[channel : channel + 1] if for_one else shown.channels
        if self._outcome is None or self._outcome[0] != run:
            outcome = yours.run(function, shown.array, channel, setting)
            self._outcome = (run, outcome)
            first = outcome.first_difference()
            if first is not None and not for_one:
                channel = picture.channel = first[0]
            if first is not None:
                picture.position = first[1][0] * setting.windows(matrices.shape[-2:])[1] + first[1][1]
        outcome = self._outcome[1]
        key = " ".join(str(int(getattr(picture, name))) for name in SETTING)
        picture.yours = {"of": key, **outcome.for_channel(0 if for_one else channel)}

    def _place(self) -> tuple[int, int]:
        shape = self._shown[self.picture.example].channels.shape[-2:]
        n_rows, n_cols = self.picture.setting.windows(shape)
        return divmod(min(self.picture.position, n_rows * n_cols - 1), n_cols) if n_cols else (0, 0)

    def _rows(self) -> list[list[float]]:
        matrices = self._shown[self.picture.example].channels
        return matrices[min(self.picture.channel, len(matrices) - 1)].tolist()

    def alternative(self) -> str:
        """Return what the figure shows now, in words."""
        rows, setting = self._rows(), self.picture.setting
        said, place = self.picture.words, self._place()
        pairs = {"input": (len(rows), len(rows[0])), "window": setting.window}
        pairs |= {"stride": setting.stride, "padding": setting.padding}
        sizes = {name: f"{pair[0]} × {pair[1]}" for name, pair in pairs.items()}
        sentences = [said[f"{setting.mode}_setting"].format(**sizes)]
        n_rows, n_cols = setting.windows((len(rows), len(rows[0])))
        if not n_rows:
            return f"{sentences[0]} {said['impossible'].rstrip(':')}."
        top, left = setting.corner(place)
        corners = {"top": top, "bottom": top + setting.window[0] - 1, "left": left}
        corners |= {"right": left + setting.window[1] - 1, "row": place[0], "column": place[1]}
        number = place[0] * n_cols + place[1] + 1
        sentences.append(said["where"].format(**corners, number=number, windows=n_rows * n_cols))
        sentences.append(setting.formula(setting.seen(rows, place))[0])
        if self._outcome is not None:
            outcome = self._outcome[1]
            first = outcome.first_difference()
            sentences.append(outcome.message if first is None else yours.described(first, outcome.call))
        return " ".join(sentences)

    def html(self) -> str:
        """Return HTML that is alive without a kernel, and a still figure where scripts do not run."""
        picture = self.picture
        palette = PALETTES[picture.examples[picture.example]["palette"]][0]
        svg = still_svg(self._rows(), picture.setting, self._place(), palette)
        titles = [example["title"] for example in picture.examples]
        values = {**picture.values(), "controls": table.as_table(self._controls, titles)}
        return live_output(svg, self.alternative(), values)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the explorer as a page of its own, alive without a kernel and without a network.

        Parameters
        ----------
        path : str or path
            The file, for instance "pooling.html".
        """
        page = whole_page(self.html(), _("Pooling explorer"), current_language())
        Path(path).write_text(page, encoding="utf-8")

    def __repr__(self) -> str:
        return self.alternative()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        is_live = self.comm is not None and has_frontend() and not self._static
        widget: Any = super()._repr_mimebundle_(**kwargs) if is_live else {}
        return {**widget, "text/plain": self.alternative(), "text/html": self.html()}


def has_frontend() -> bool:
    """Return whether the running cell came from a browser that can show widgets.

    `nbconvert --execute`, nbclient and papermill run notebooks with nobody there. A widget in their output
    is a hole in the exported page, which then needs a network to be filled; the live HTML needs nothing.
    JupyterLab, Notebook and VS Code send the cell's id with its code; a Voilà server says that it is one.
    """
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila") or "google.colab" in sys.modules:
        return True
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return "cellId" in (parent or {}).get("metadata", {})


def explore(
    x: Any = None,
    kernel_size: int | tuple[int, int] | None = None,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] | None = None,
    *,
    mode: str | None = None,
    count_include_pad: bool = True,
    example: str | None = None,
    function: Callable[..., Any] | None = None,
    static: bool = False,
) -> Explorer:
    """Watch a pooling window on its way over a matrix.

    Parameters
    ----------
    x : array_like, optional
        Your own numbers, shape (H, W), (C, H, W) or (N, C, H, W). Without it the examples are shown.
    kernel_size : int or (int, int), optional
        Height and width of the window, in cells: 1 to 64. 2 where nothing else is said.
    stride : int or (int, int), optional
        How far the window moves, in cells; the window's own size where nothing is said.
    padding : int or (int, int), optional
        Rows and columns added on each side, in cells: 0 to 32.
    mode : {"max", "average"}, optional
    count_include_pad : bool
        Whether an average counts the cells of the padding.
    example : str, optional
        The example to begin with: "max", "average", "negative", "zero-padding" or "photo".
    function : callable, optional
        Your own function, for instance `max_pool2d`: its result is shown beside the right one, and the
        window stands where they first differ.
    static : bool
        Show the page that needs no kernel, instead of the widget.

    Returns
    -------
    Explorer
        Shows itself as the value of a cell; `save("pooling.html")` writes it as a page.

    Raises
    ------
    ValueError, TypeError
        Where an argument cannot be meant, with its name and value. A setting that is possible to write but
        impossible to compute (a window larger than the input) is explained in the picture instead.

    Examples
    --------
    >>> explore([[1, 5], [7, 2]], kernel_size=2)  # doctest: +SKIP
    >>> explore(function=max_pool2d, padding=1)  # doctest: +SKIP
    """
    if function is not None and not callable(function):
        raise TypeError(f"function must be a function, not {function!r}")
    static = bool_of("static", static)
    if mode is None and function is not None:
        mode = yours.mode_of(function)
    listed = examples()
    if x is not None:
        if example is not None:
            raise ValueError(f"example must not be given together with x; it is {example!r}")
        listed.insert(0, Example("yours", _("Your array"), own_array(array_of("x", x))))
    if example is None:
        example = "average" if x is None and mode == "average" else listed[0].name
    first = _position_of(example, listed)

    given = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "mode": mode}
    given = {name: value for name, value in given.items() if value is not None}
    if function is not None:
        listed = [_without(entry, function, mode) for entry in listed]
    arguments = {
        **DEFAULTS,
        **listed[first].setting,
        **given,
    }
    if "kernel_size" in given and stride is None:
        arguments["stride"] = None
    setting = setting_of(**arguments, count_include_pad=count_include_pad)
    values = picture_values(setting, arguments["stride"] is None)
    if x is not None:
        listed[0].setting.update(arguments)

    shown = [crop(np.asarray(entry.array)) for entry in listed]
    picture = Picture(
        examples=[_entry(entry, part) for entry, part in zip(listed, shown, strict=True)],
        words=words(),
        example=first,
        **values,
    )
    if function is not None and "kernel_size" not in yours.asked(function):
        picture.whole = True
        picture.window_height, picture.window_width = shown[first].array.shape[-2:]
        picture.stride_height, picture.stride_width = shown[first].array.shape[-2:]
    _derive(picture, shown[first])
    return Explorer(picture, shown, function, static)


def _position_of(name: str, listed: list[Example]) -> int:
    names = [entry.name for entry in listed]
    if name not in names:
        raise ValueError(f"example must be one of {', '.join(map(repr, names))}, not {name!r}")
    return names.index(name)


def _without(entry: Example, function: Callable[..., Any], mode: str | None) -> Example:
    """Return an example without the arguments that the student's function does not take."""
    taken = {*yours.asked(function), "mode"}
    setting = {name: value for name, value in entry.setting.items() if name in taken}
    if "stride" not in taken:
        setting.pop("kernel_size", None)  # such a function has square windows only
    return Example(
        entry.name,
        entry.title,
        entry.array,
        {**setting, **({"mode": mode} if mode else {})},
        entry.note,
        entry.palette,
    )


def _entry(entry: Example, part: Shown) -> dict[str, Any]:
    """Return an example as the picture gets it."""
    arguments = {**DEFAULTS, "count_include_pad": True, **entry.setting}
    note = " ".join(filter(None, [translated(entry.note) if entry.note else "", part.sentence]))
    channels = [{"rows": plain_rows(matrix)} for matrix in part.channels]
    settings = picture_values(setting_of(**arguments), arguments["stride"] is None)
    return {
        "title": _(entry.title) if entry.name != "yours" else entry.title,
        "channels": channels,
        "settings": settings,
        "note": note,
        "palette": entry.palette,
    }


def _derive(picture: Picture, shown: Shown) -> None:
    """Set what follows from the setting, so that the sliders stand right before the picture is drawn."""
    n_rows, n_cols = picture.setting.windows(shown.array.shape[-2:])
    picture.longest_window = (
        max(*shown.array.shape[-2:], picture.window_height - 1, picture.window_width - 1) + 1
    )
    picture.most_padding = max(table.MOST_PADDING, picture.padding_height, picture.padding_width)
    picture.last_position = max(1, n_rows * n_cols - 1)
    picture.last_channel = max(1, len(shown.channels) - 1)
    picture.show_width = "none" if picture.same else "flex"
    picture.show_channel = "flex" if len(shown.channels) > 1 else "none"
    picture.show_include_pad = "none" if picture.setting.mode == "max" else "flex"
