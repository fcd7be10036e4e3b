"""The record of what a hidden test found: data beside its printed text, written by the grading process."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import fastjsonschema
from nbformat import NotebookNode

MIME = "application/vnd.nbgrader-sealed.result+json"
VERSION = 1
MAX_BYTES = 500_000  # of one record, as JSON

_BY_LANGUAGE = {"type": "object", "additionalProperties": {"type": "string"}}
_NAMED = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
# What the engine knows of a record: its envelope. What else a course writes into it is carried along.
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "What a hidden test found",
    "type": "object",
    "required": ["version", "task", "points", "max_points", "messages"],
    "properties": {
        "version": {"type": "integer", "const": VERSION},
        "task": {
            "type": "string",
            "description": "What was tested: the course's name, or the cell's",
        },
        "cell": {"type": "string", "description": "The grade_id of the test cell (set by the engine)"},
        "points": {"type": "number", "minimum": 0, "description": "The points earned"},
        "max_points": {"type": ["number", "null"], "minimum": 0, "description": "Of how many"},
        "error": {"type": ["string", "null"], "description": "What ended the test, if something did"},
        "seed": {"type": ["integer", "string", "null"], "description": "What drew the cases"},
        "messages": {**_BY_LANGUAGE, "description": "The printed report, by language"},
        "groups": {
            "type": "array",
            "description": "Groups of cases: what each is about, its weight, and whether it was passed",
            "items": {
                "allOf": [
                    _NAMED,
                    {
                        "required": ["passed"],
                        "properties": {
                            "labels": _BY_LANGUAGE,
                            "weight": {"type": "number"},
                            "passed": {"type": "boolean"},
                        },
                    },
                ]
            },
        },
        "misconceptions": {
            "type": "array",
            "description": "The misconceptions that were recognised, the weightier first",
            "items": {
                "allOf": [
                    _NAMED,
                    {"properties": {"certainty": {"enum": ["sure", "likely"]}, "messages": _BY_LANGUAGE}},
                ]
            },
        },
        "failure": {
            "type": ["object", "null"],
            "description": "The first call that failed: call, got, expected, window",
        },
        "pictures": {
            "type": "array",
            "items": {"type": "object", "properties": {"svg": {"type": "string"}, "labels": _BY_LANGUAGE}},
        },
    },
}


class InvalidResult(ValueError):
    """A record that does not fit the schema; the text names the field."""


def checked(record: Any) -> dict[str, Any]:
    """Return a record that fits the schema, as plain JSON data in which every text can be written to a file.

    Raises
    ------
    InvalidResult
        If it does not fit, is no JSON, or is larger than `MAX_BYTES`.
    """
    try:
        text = json.dumps(record, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
        if len(text) > MAX_BYTES:
            raise InvalidResult(f"the record has {len(text)} bytes, more than {MAX_BYTES}")
        plain = json.loads(text)
        _validate()(plain)
    except (TypeError, ValueError, RecursionError) as error:  # fastjsonschema's errors are ValueErrors
        raise InvalidResult(str(error)[:500]) from None
    return plain


@cache
def _validate() -> Callable[[Any], Any]:
    return fastjsonschema.compile(SCHEMA)


def carried_by(value: object) -> Any:
    """Return the record that a hidden test's value carries in its MIME bundle, None if it carries none.

    IPython asks a value for its MIME bundle in the same way, so that a stock nbgrader has the record, too.

    Raises
    ------
    InvalidResult
        If the bundle raises.
    """
    bundle = getattr(type(value), "_repr_mimebundle_", None)
    if not callable(bundle):
        return None
    try:
        shown = bundle(value, include=None, exclude=None)
    except Exception as error:
        raise InvalidResult(f"_repr_mimebundle_ raised {type(error).__name__}: {error}"[:500]) from None
    if isinstance(shown, tuple):  # data, and metadata about them
        shown = shown[0]
    return shown.get(MIME) if isinstance(shown, dict) else None


def records(nb: NotebookNode) -> Iterator[dict[str, Any]]:
    """Yield the records in the test cells of a graded notebook, in their order.

    Parameters
    ----------
    nb : NotebookNode
        A notebook that was autograded sealed: elsewhere anybody may have written them.
    """
    for cell in nb.cells:
        metadata = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and metadata.get("grade") and not metadata.get("solution"):
            yield from records_of(cell)


def records_of(cell: NotebookNode) -> list[dict[str, Any]]:
    """Return the records of this version among the outputs of one cell."""
    return [output.data[MIME] for output in cell.outputs if _is_record(output.get("data", {}).get(MIME))]


def _is_record(data: object) -> bool:
    with suppress(InvalidResult):
        return bool(checked(data))
    return False
