"""The record of what a hidden test found, put among the outputs of its cell."""

from logging import Logger
from typing import Any

from nbformat import NotebookNode

from nbgrader_sealed.assignment import AssignmentCell
from nbgrader_sealed.execution.outputs import output_of
from nbgrader_sealed.result import MIME, VERSION, InvalidResult, checked

MAX_ERROR = 2_000  # characters of what ended the test
MAX_MESSAGE = 20_000  # characters of a report that only was printed


def with_record(
    outputs: list[NotebookNode], source: AssignmentCell, language: object, carried: object, log: Logger
) -> list[NotebookNode]:
    """Return a test cell's outputs with the record of what was found.

    The record stands beside the points, or, if no value gives them, in an output of its own.

    Parameters
    ----------
    outputs : list of NotebookNode
        What the hidden lines printed and came to, or the exception of the visible lines.
    source : AssignmentCell
        The gradebook's cell.
    language : object
        The notebook's language, if it has one.
    carried : object
        The record that the hidden lines' value carries; None if it carries none, and the problem if it is
        broken.
    log : Logger
        Told of records that are left out.
    """
    value = next((output for output in outputs if output.output_type == "execute_result"), None)
    error = next((output for output in outputs if output.output_type == "error"), None)
    verdict = {
        "cell": source.name,
        "points": _points_of(value, error, source.points or 0.0),
        "max_points": source.points,
        "error": None if error is None else _one_text(error),
    }
    record = None
    if carried is not None and value is not None:
        try:
            record = _merged(carried, verdict)
        except InvalidResult as problem:
            log.error("Cell %s: the record of its hidden test is left out: %s", source.name, problem)
    if record is None:
        record = checked({**_printed_report(outputs, source.name, language), **verdict})
    if value is not None:
        value.data[MIME] = record
        return outputs
    place = len(outputs) if error is None else outputs.index(error)
    return [*outputs[:place], output_of("display_data", data={MIME: record}), *outputs[place:]]


def _merged(carried: object, verdict: dict[str, Any]) -> dict[str, Any]:
    """Return the course's record, with the engine's word on what it comes to.

    Raises
    ------
    InvalidResult
        If it is no record.
    """
    if isinstance(carried, InvalidResult):
        raise carried
    if not isinstance(carried, dict):
        raise InvalidResult(f"it is no dictionary but a {type(carried).__name__}")
    return checked({**carried, **verdict})


def _points_of(value: NotebookNode | None, error: NotebookNode | None, most: float) -> float:
    """Return the points of a cell as nbgrader reads them off its outputs."""
    if error is not None:
        return 0.0
    text = "True" if value is None else value.data["text/plain"]
    return most if text == "True" else float(text)


def _one_text(error: NotebookNode) -> str:
    return (f"{error.ename}: {error.evalue}" if error.evalue else error.ename)[:MAX_ERROR]


def _printed_report(outputs: list[NotebookNode], name: str, language: object) -> dict[str, Any]:
    """Return what a record can say if the course wrote none: the printed lines are the report."""
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    spoken = language if isinstance(language, str) else "en"
    return {"version": VERSION, "task": name, "messages": {spoken: printed[:MAX_MESSAGE]} if printed else {}}
