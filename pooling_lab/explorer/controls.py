"""The explorer's controls as one table, as ipywidgets; the picture makes native ones of the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import ipywidgets

from ..language import _, later
from .words import NAMES


@dataclass(frozen=True)
class Control:
    """One control.

    Attributes
    ----------
    key : str
        The picture's value that it changes.
    kind : {"slider", "choice", "check", "play"}
    room : {"top", "motion", "settings"}
        Above the picture, right below it, or further down.
    low, high : int or str
        A slider's ends; a word is the picture's value that holds it.
    shown : str, optional
        The picture's value that is "none" while the control has nothing to say.
    asks : str, optional
        The argument of pooling that it sets: a function without it needs no such control.
    options : tuple of str
        A choice's names.
    """

    key: str
    kind: str
    room: str
    low: int = 0
    high: int | str = 0
    shown: str | None = None
    asks: str | None = None
    options: tuple[str, ...] = ()


MOST_PADDING = 4  # of the sliders, unless more is asked for

CONTROLS = (
    Control("example", "choice", "top"),
    Control("mode", "choice", "top", options=(later("Maximum"), later("Average")), asks="mode"),
    Control("channel", "slider", "top", high="last_channel", shown="show_channel"),
    Control("play", "play", "motion"),
    Control("position", "slider", "motion", high="last_position"),
    Control("window_height", "slider", "settings", 1, "longest_window", asks="kernel_size"),
    Control("window_width", "slider", "settings", 1, "longest_window", "show_width", asks="kernel_size"),
    Control("stride_height", "slider", "settings", 1, "longest_window", asks="stride"),
    Control("stride_width", "slider", "settings", 1, "longest_window", "show_width", asks="stride"),
    Control("padding_height", "slider", "settings", 0, "most_padding", asks="padding"),
    Control("padding_width", "slider", "settings", 0, "most_padding", "show_width", asks="padding"),
    Control("same", "check", "settings", asks="kernel_size"),
    Control("stride_is_window", "check", "settings", asks="stride"),
    Control("count_include_pad", "check", "settings", shown="show_include_pad", asks="count_include_pad"),
)

NAME_WIDTH = {"description_width": "10.5em"}  # the longest name, "Ancho de la ventana"


def as_table(controls: list[Control], titles: list[str]) -> list[dict[str, Any]]:
    """Return the controls as the picture itself reads them."""
    options = {"example": titles}
    return [
        {**asdict(control), "options": options.get(control.key, [_(name) for name in control.options])}
        for control in controls
    ]


def as_widgets(controls: list[Control], titles: list[str], picture: Any) -> dict[str, list[Any]]:
    """Return the controls as widgets linked to the picture in the browser, by the room they stand in.

    What is linked stands in the picture's `links`. With ipywidgets' own `jslink` every slider that moves, or
    follows another, would tell Python so: a key press would cost eight messages instead of one.
    """
    rooms: dict[str, list[Any]] = {"top": [], "motion": [], "settings": []}
    links = []
    for control in controls:
        widget, linked = MAKERS[control.kind](control, titles, picture)
        widget.add_class(f"pooling-control-{control.key}")
        links.append([widget.model_id, linked])
        if control.shown:
            widget.layout.display = getattr(picture, control.shown)
            links.append([widget.layout.model_id, {"display": control.shown}])
        rooms[control.room].append(widget)
    picture.links = links
    return rooms


Linked = tuple[ipywidgets.Widget, dict[str, str]]  # and which of its values are which of the picture


def _slider(control: Control, _titles: list[str], picture: Any) -> Linked:
    high = getattr(picture, control.high) if isinstance(control.high, str) else control.high
    widget = ipywidgets.IntSlider(
        getattr(picture, control.key),
        control.low,
        high,
        description=_(NAMES[control.key]),
        tooltip=_(NAMES[control.key]),  # ipywidgets would show "null"
        style=NAME_WIDTH,
        layout={"width": "340px", "max_width": "98%"},
    )
    if control.key == "position":
        widget.layout, widget.style.description_width = {"width": "auto", "flex": "1 1 260px"}, "initial"
    upper = {"max": control.high} if isinstance(control.high, str) else {}
    return widget, {"value": control.key, **upper}


def _choice(control: Control, titles: list[str], picture: Any) -> Linked:
    options = [_(name) for name in control.options] or titles
    widget = ipywidgets.Dropdown(
        options=options,
        index=getattr(picture, control.key),
        description=_(NAMES[control.key]),
        tooltip=_(NAMES[control.key]),
        style={"description_width": "initial"},
        layout={"width": "auto", "max_width": "98%"},
    )
    return widget, {"index": control.key}


def _check(control: Control, _titles: list[str], picture: Any) -> Linked:
    widget = ipywidgets.Checkbox(
        getattr(picture, control.key),
        description=_(NAMES[control.key]),
        indent=False,
        layout={"width": "auto"},
    )
    return widget, {"value": control.key}


def _play(_control: Control, _titles: list[str], picture: Any) -> Linked:
    widget = ipywidgets.Play(picture.position, 0, picture.last_position, interval=800, show_repeat=False)
    return widget, {"max": "last_position", "value": "position", "playing": "playing"}


MAKERS: dict[str, Any] = {"slider": _slider, "choice": _choice, "check": _check, "play": _play}
