"""Every sentence of the picture and the name of every control, in one table."""

from string import Formatter
from typing import Any

from ..language import _, later

SENTENCES = {
    "input": later("Input"),
    "output": later("Output"),
    "yours": later("Yours"),
    "none": later("no output"),
    "height": later("Height"),
    "width": later("Width"),
    "both": later("Height and width"),
    "where": later(
        "Window ({row}, {column}), number {number} of {windows}: rows {top} to {bottom}, "
        "columns {left} to {right}."
    ),
    "cell": later("Row {row}, column {column}: {value}"),
    "output_height": later("output height"),
    "output_width": later("output width"),
    "max_setting": later("Max pooling: input {input}, window {window}, stride {stride}, padding {padding}."),
    "average_setting": later(
        "Average pooling: input {input}, window {window}, stride {stride}, padding {padding}."
    ),
    "impossible": later("This setting is impossible:"),
    "too_large": later(
        "{axis}: the window takes {window} cells, but there are only {padded} (the input's {size} and the "
        "padding of {padding} on both sides). Make the window smaller or the padding larger."
    ),
    "too_padded": later(
        "{axis}: the padding of {padding} is more than half of the window's {window}, so a window could lie "
        "on padding alone. The padding may be {most} at most."
    ),
    "pads_never_win": later("Padding counts as -∞ in a maximum: it never wins."),
    "zero_would_win": later(
        "Padding counts as -∞, so {value} wins. Zeros in its place would have given 0, a number that is not "
        "in this window."
    ),
    "pads_count": later(
        "{pads} of the {cells} cells are padding: they add 0 to the sum and count in the divisor {cells}."
    ),
    "pads_left_out": later("{pads} of the {cells} cells are padding: only the {real} real ones count."),
    "differs": later(
        "First difference at window ({row}, {column}): {value} came back, {expected} was expected.\n{call}"
    ),
    "waiting": later("Your function has not been run with this setting yet."),
    "play": later("Play or pause"),
    "stop": later("Back to the first window"),
    "repeat": later("Repeat"),
    "readout": later("{name}, as a number"),
}

NAMES = {
    "example": later("Example"),
    "channel": later("Channel"),
    "mode": later("Pooling"),
    "window_height": later("Window height"),
    "window_width": later("Window width"),
    "stride_height": later("Stride height"),
    "stride_width": later("Stride width"),
    "padding_height": later("Padding height"),
    "padding_width": later("Padding width"),
    "same": later("Height and width alike"),
    "stride_is_window": later("Stride = window"),
    "count_include_pad": later("Padding counts in the average"),
    "position": later("Position"),
    "play": later("Play or pause"),
}


def translated(sentence: str) -> str:
    """Return the sentence in the language spoken now, its {places} left open."""
    places = {name: f"{{{name}}}" for _text, name, _spec, _how in Formatter().parse(sentence) if name}
    return _(sentence, **places)


def words() -> dict[str, Any]:
    """Return all sentences as the picture gets them."""
    said = {key: translated(sentence) for key, sentence in SENTENCES.items()}
    return {**said, "names": {key: _(name) for key, name in NAMES.items()}}
