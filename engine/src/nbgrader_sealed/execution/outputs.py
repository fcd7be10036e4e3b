"""Outputs of a cell, built from a kernel's messages, within limits and fit for a notebook."""

from dataclasses import dataclass, field
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from nbgrader_sealed.submission.content import BASE64, KEPT_BASE64, clean

KEPT_TEXT = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")


@dataclass
class OutputBudget:
    """The limits that the cells of one notebook share: characters as in `Outputs`, and outputs in all."""

    text: int = 2_000_000
    rich: int = 30_000_000
    count: int = 5_000


@dataclass
class Outputs:
    """The outputs of one cell, as its messages come in.

    Parameters
    ----------
    budget : OutputBudget
        What the whole notebook may still show.
    text, rich, count : int
        What this cell may still show: characters printed, characters of HTML or pictures, outputs in all.
    cut : str
        The line that stands in place of what was left out.
    """

    budget: OutputBudget
    cut: str
    text: int = 100_000
    rich: int = 4_000_000
    count: int = 500
    shown: list[NotebookNode] = field(default_factory=list)
    displays: dict[str, list[NotebookNode]] = field(default_factory=dict)
    clearing: bool = False

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Add what one message of the kernel shows; ignore it if it is no output, or broken."""
        maker = _MAKERS.get(kind)
        if kind == "clear_output":
            self.clearing = True
            if not content.get("wait"):
                self._clear()
        elif maker is not None:
            maker(self, content)

    def _clear(self) -> None:
        if self.clearing:
            self.shown, self.displays, self.clearing = [], {}, False

    def _stream(self, content: dict[str, Any]) -> None:
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        text = self._clip(content.get("text"))
        last = self.shown[-1] if self.shown and not self.clearing else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        elif text:
            self._add(output_of("stream", name=name, text=text))

    def _display(self, content: dict[str, Any], kind: str = "display_data") -> None:
        data = self._data(content.get("data"))
        if not data:
            return
        output = output_of(kind, data=data)
        self._add(output)
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        if isinstance(name, str) and self.shown and self.shown[-1] is output:
            self.displays.setdefault(name, []).append(output)

    def _update(self, content: dict[str, Any]) -> None:
        transient = content.get("transient")
        name = transient.get("display_id") if isinstance(transient, dict) else None
        places = self.displays.get(name, []) if isinstance(name, str) else []
        for output in places:  # each counts
            output.data = NotebookNode(self._data(content.get("data")))

    def _error(self, content: dict[str, Any]) -> None:
        trace = content.get("traceback")
        trace = trace if isinstance(trace, list) else []
        self._add(
            output_of(
                "error",
                ename=clean(content.get("ename"))[:200],
                evalue=self._clip(content.get("evalue")),
                traceback=[self._clip(line) for line in trace[:100]],
            )
        )

    def _add(self, output: NotebookNode) -> None:
        self._clear()
        is_first_error = output.output_type == "error" and all(
            shown.output_type != "error" for shown in self.shown
        )
        if min(self.count, self.budget.count) > 0 or is_first_error:  # nothing hides that a cell failed
            self.shown.append(output)
            self.count -= 1
            self.budget.count -= 1

    def _data(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        kept = {}
        for mime in KEPT_TEXT + KEPT_BASE64:
            if mime in data:
                value = clean(data[mime])
                fits = len(value) <= min(self.rich, self.budget.rich)
                if fits and (mime in KEPT_TEXT or BASE64.fullmatch(value)):
                    kept[mime] = value
                    self.rich -= len(value)
                    self.budget.rich -= len(value)
                elif not fits and mime == "text/plain":
                    kept[mime] = self.cut
        return kept

    def _clip(self, value: Any) -> str:
        left = min(self.text, self.budget.text)
        if left <= 0:
            return ""
        value = clean(value, left + 1)
        self.text -= len(value)
        self.budget.text -= len(value)
        return value if len(value) <= left else f"{value[:left]}\n{self.cut}\n"


_MAKERS = {
    "stream": Outputs._stream,
    "display_data": Outputs._display,
    "execute_result": lambda outputs, content: outputs._display(content, "execute_result"),
    "update_display_data": Outputs._update,
    "error": Outputs._error,
}


def output_of(kind: str, **fields: Any) -> NotebookNode:
    """Return what nbformat's `new_output` does, unchecked: writing the notebook checks all of it."""
    has_data = {"metadata": {}} if "data" in fields else {}
    counted = {"execution_count": None} if kind == "execute_result" else {}
    return cast(NotebookNode, from_dict({"output_type": kind, **has_data, **counted, **fields}))


def harmless(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return a grade cell's visible outputs as displays, from which nbgrader takes no points.

    nbgrader reads points off an `execute_result`, and gives none to a cell with an `error` or something on
    stderr. As displays, what the student's kernel sends is seen and counts for nothing; and what is printed
    in such a cell (its streams) is the grading process's alone, for whoever reads reports out of it.
    """
    return [output_of("display_data", data=_data_of(output)) for output in outputs]


def _data_of(output: NotebookNode) -> dict[str, str]:
    if output.output_type == "stream":
        return {"text/plain": output.text}
    if output.output_type == "error":
        return {"text/plain": "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"}
    return output.data
