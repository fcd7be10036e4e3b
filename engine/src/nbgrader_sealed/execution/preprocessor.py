"""Sealed execution: visible lines run in the student's kernel; hidden lines run here and give the points."""

import contextlib
import html
import math
import os
from collections.abc import Iterator
from logging import Logger
from numbers import Real
from time import monotonic
from typing import Any

from jupyter_client.manager import KernelManager
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, Execute
from traitlets import Dict, Float, Int, Unicode

from nbgrader_sealed.assignment import AssignmentCell, CutCell, cells_of, cut
from nbgrader_sealed.execution.hidden_tests import HiddenNamespace, defined_names
from nbgrader_sealed.execution.ignored_traits import ignored_settings
from nbgrader_sealed.execution.kernel_client import KernelFault, StudentKernel
from nbgrader_sealed.execution.outputs import OutputBudget, Outputs, harmless, output_of
from nbgrader_sealed.execution.record import with_record
from nbgrader_sealed.execution.remote_objects import KernelRpc
from nbgrader_sealed.execution.slots import slot
from nbgrader_sealed.messages import later, say

MAX_ERROR = 20_000  # characters of an exception's text
FAILED = later("a hidden test failed")
NO_KERNEL = later("The notebook ended its Python process too often; this cell was not run.")
STOPPED = {
    "timeout": later("The code ran longer than {seconds:g} seconds and was stopped."),
    "dead": later("The code ended its own Python process or used too much memory, and was stopped."),
}


class SealedExecute(Execute):
    """Run a submission with the hidden tests outside of the student's kernel.

    It takes the place of nbgrader's `Execute` in `Autograde.autograde_preprocessors`. A locked test cell's
    text comes from the gradebook. Its visible lines run in the kernel; its hidden lines run in this process,
    in which the student's functions are remote objects. The outputs of such a cell are written here: the
    visible lines' output as plain displays, then what the hidden lines printed, then their value or their
    exception, from which alone nbgrader takes points. An exception in the visible lines gives 0, as in stock
    nbgrader.
    """

    kernel_name: "Unicode[str, str | bytes]" = Unicode(
        "", help="The kernelspec to run with (default: the notebook's own)."
    ).tag(config=True)
    modules: "Dict[str, str]" = Dict(
        {"np": "numpy", "numpy": "numpy", "math": "math", "pd": "pandas"},
        help="Names that hidden tests may use for modules without importing them.",
    ).tag(config=True)
    notebook_timeout: "Float[float, int | float]" = Float(
        300, min=1, help="Seconds that all cells of a notebook may take together."
    ).tag(config=True)
    hidden_timeout: "Float[float, int | float]" = Float(
        60, min=1, help="Seconds that the hidden lines of one cell may take."
    ).tag(config=True)
    max_restarts: "Int[int, int]" = Int(5, help="How often a notebook may end its kernel.").tag(config=True)
    language_variable: "Unicode[str, str | bytes]" = Unicode(
        "", help="The environment variable that tells hidden tests the language in the notebook's metadata."
    ).tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("kernel_manager_class", KernelManager)
        super().__init__(*args, **kwargs)
        for name, instead in ignored_settings(self).items():
            self.log.warning("Execute.%s has no effect on sealed execution: %s", name, instead)

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: KernelManager | None = None
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run and judge one notebook."""
        SealedRun(self, nb, resources).run()
        return nb, resources


class SealedRun:
    """One notebook's way through its cells.

    Parameters
    ----------
    config : SealedExecute
        The settings.
    nb : NotebookNode
        The submission, normalised; it is changed in place.
    resources : ResourcesDict
        nbgrader's: whose notebook it is, and the folder to run it in.
    """

    def __init__(self, config: SealedExecute, nb: NotebookNode, resources: ResourcesDict) -> None:
        self.config = config
        self.log: Logger = config.log
        self.nb = nb
        self.language: object = nb.metadata.get("lang")
        self.sources: dict[str, AssignmentCell] = cells_of(resources)
        self.marks: Any = ClearHiddenTests(parent=config.parent)
        self.hidden: HiddenNamespace = HiddenNamespace(dict(config.modules), self._student_names())
        self.kernel: StudentKernel = StudentKernel(
            self._new_manager,
            resources["metadata"]["path"] or ".",
            self._arguments(),
            config.startup_timeout or 60,
        )
        self.budget: OutputBudget = OutputBudget()
        self.rpc: KernelRpc = KernelRpc(self.kernel)
        self.restarts: int = 0
        self.ran: list[str] = []  # what brings a fresh kernel to the old one's state

    def run(self) -> None:
        """Start a kernel, run all cells when it is this notebook's slot, and end the kernel."""
        try:
            info = self.kernel.start()
            self.nb.metadata["language_info"] = {"name": str(info.get("language_info", {}).get("name"))}
            with slot() as core:
                self.kernel.stay_on(core)
                self._run_cells()
        finally:
            self.kernel.stop()

    def _run_cells(self) -> None:
        self.deadline: float = monotonic() + self.config.notebook_timeout
        for count, cell in enumerate(filter(_is_code, self.nb.cells), 1):
            cell.outputs, cell.execution_count = [], count
            source = self._source(cell)
            if source is None:
                self._run_students(cell)
            else:
                self._run_test(cell, source)

    def _run_students(self, cell: NotebookNode) -> None:
        """Run a cell whose text is the student's, or that is locked but gives no points."""
        cell.outputs, status = self._run_visible(cell.source)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in self.sources and self.sources[name].locked:
            self.hidden.trust(self.sources[name].source)
        if status in ("ok", "error"):
            self.ran.append(cell.source)

    def _run_test(self, cell: NotebookNode, source: AssignmentCell) -> None:
        """Run a locked test cell: its visible lines in the kernel, its hidden lines in this process."""
        parts = cut(source.source, self.marks.begin_test_delimeter, self.marks.end_test_delimeter)
        cell.source = parts.visible
        outputs, status = self._run_visible(parts.visible)
        self.hidden.trust(parts.visible)
        if not parts.hidden:
            cell.outputs = self._unsealed(outputs, source.points)
        elif status == "ok":
            judged, carried = self._judge(parts, source.points)
            recorded = with_record(judged, source, self.language, carried, self.log)
            cell.outputs = [*harmless(outputs), *recorded, self._note()]
        else:
            cell.outputs = with_record(self._failed(outputs), source, self.language, None, self.log)

    def _failed(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        """Return what visible lines showed that failed: nbgrader gives 0 for the exception."""
        errors = [output for output in outputs if output.output_type == "error"]
        return harmless([output for output in outputs if output not in errors]) + errors[-1:]

    def _judge(self, parts: CutCell, points: float | None) -> tuple[list[NotebookNode], object]:
        """Run hidden lines, and return the outputs that show what they found, and the record they carry."""
        seconds = self._seconds()
        if seconds <= 0:
            return [self._no_time()], None
        self.rpc.deadline = monotonic() + seconds
        with _environment(self.config.language_variable, self.language):
            verdict = self.hidden.run(parts, self.rpc.names, self.config.hidden_timeout)
        if verdict.log:
            self.log.debug("hidden tests of cell:\n%s", verdict.log)
        if self.rpc.fault is not None:
            key = "timeout" if self.kernel.is_alive() else "dead"
            self._recover()
            return [self._stopped(key, seconds)], None
        outputs = []
        if verdict.printed:
            outputs.append(output_of("stream", name="stdout", text=_printable(verdict.printed)))
        if verdict.error is not None:
            name, text = verdict.error
            outputs.append(self._error(name, text or say(self.language, FAILED)))
        elif verdict.value is not None:
            outputs.append(self._points(verdict.value, points))
        return outputs, verdict.record

    def _points(self, value: Any, most: float | None) -> NotebookNode:
        """Return the value of the hidden lines as nbgrader reads it, and never above what the cell gives.

        A number of points, or True for all of them. nbgrader would also take all else for all of them: what a
        student's function returned, NaN, a negative number, False.
        """
        if value is True:
            return output_of("execute_result", data={"text/plain": "True"})
        if not _is_number_of_points(value):
            self.log.error(
                "A hidden test gave %s, which is no number of points", _printable(repr(value))[:200]
            )
            return self._error("ValueError", say(self.language, FAILED))
        if most is not None and value > most:
            self.log.error("A hidden test gave %s points in a cell worth %s; they are cut", value, most)
            value = most
        return output_of("execute_result", data={"text/plain": repr(float(value))})

    def _unsealed(self, outputs: list[NotebookNode], most: float | None) -> list[NotebookNode]:
        """Return the outputs of a test cell with nothing hidden: the kernel's own word, as in stock nbgrader.

        Only what nbgrader cannot take is kept from it: points above the cell's or below 0, and a value
        without text.
        """
        for output in outputs:
            if output.output_type == "execute_result":
                text = output.data.get("text/plain", "")
                if not text or not 0 <= _number(text) <= (math.inf if most is None else most):
                    return [*harmless(outputs), self._error("ValueError", say(self.language, FAILED))]
        return outputs

    def _run_visible(self, source: str) -> tuple[list[NotebookNode], str]:
        """Run lines in the kernel; if it does not survive them, bring up another."""
        if not source.strip():
            return [], "ok"
        seconds = self._seconds()
        if seconds <= 0:
            return [self._no_time()], "unrun"
        if self.kernel.manager is None:
            return [self._error("DeadKernelError", say(self.language, NO_KERNEL))], "unrun"
        outputs = Outputs(self.budget, say(self.language, "... the rest of the output was left out"))
        status = self.kernel.execute(source, seconds, outputs.take)
        if status == "error" and not any(output.output_type == "error" for output in outputs.shown):
            outputs.take("error", {"ename": "Error", "evalue": say(self.language, FAILED)})
        shown = outputs.shown
        if status in ("timeout", "dead"):
            shown = [output for output in shown if output.output_type != "error"]
            shown.append(self._stopped(status, seconds))
        if status == "dead" or self.kernel.stuck:
            self._recover()
        return shown, status

    def _recover(self) -> None:
        """Bring a fresh kernel to the last one's state, without the cells that ended it."""
        self.rpc.fault = None
        while self.kernel.stuck or not self.kernel.is_alive():
            self.kernel.stop()
            if self.restarts >= self.config.max_restarts or monotonic() > self.deadline:
                self.rpc.fault = KernelFault(say(self.language, NO_KERNEL))
                return
            self.restarts += 1
            self.log.warning("The kernel ended; starting it again (%d)", self.restarts)
            self.kernel.start()
            self.rpc = KernelRpc(self.kernel)
            self._replay()

    def _replay(self) -> None:
        for source in list(self.ran):
            if self.kernel.execute(source, self._seconds(), lambda kind, content: None) not in (
                "ok",
                "error",
            ):
                self.ran.remove(source)
                return

    def _seconds(self) -> float:
        """Return how long a cell may take now: its time-out (none if negative), and what is left of all."""
        left, timeout = self.deadline - monotonic(), self.config.timeout
        return left if not timeout or timeout < 0 else min(timeout, left)

    def _no_time(self) -> NotebookNode:
        return self._error(
            "NotebookTimeout",
            say(self.language, "The notebook used up all the time it has; this cell was not run."),
        )

    def _stopped(self, key: str, seconds: float) -> NotebookNode:
        name = {"timeout": "CellTimeoutError", "dead": "DeadKernelError"}[key]
        return self._error(name, say(self.language, STOPPED[key], seconds=seconds))

    def _error(self, name: str, text: str) -> NotebookNode:
        name, text = _printable(name)[:200], _printable(text)[:MAX_ERROR]
        return output_of("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])

    def _note(self) -> NotebookNode:
        title = say(self.language, "Hidden tests ran here")
        more = say(self.language, "They ran apart from this notebook, with the functions that it defines.")
        folded = f"<details><summary>{html.escape(title)}</summary>{html.escape(more)}</details>"
        return output_of("display_data", data={"text/html": folded, "text/plain": f"{title}. {more}"})

    def _source(self, cell: NotebookNode) -> AssignmentCell | None:
        """Return the gradebook's copy of a locked test cell; None for every other cell."""
        if not utils.is_grade(cell) or utils.is_solution(cell):
            return None
        return self.sources[cell.metadata.nbgrader.grade_id]

    def _student_names(self) -> set[str]:
        sources = [cell.source for cell in self.sources.values() if not cell.locked]
        return set().union(*map(defined_names, sources))

    def _new_manager(self) -> KernelManager:
        name = self.config.kernel_name or self.nb.metadata.get("kernelspec", {}).get("name") or "python3"
        return self.config.kernel_manager_class(kernel_name=name, config=self.config.config)

    def _arguments(self) -> list[str]:
        return [*self.config.extra_arguments, f"--HistoryManager.hist_file={self.config.ipython_hist_file}"]


@contextlib.contextmanager
def _environment(name: str, value: object) -> Iterator[None]:
    """Set an environment variable for a while, if there is a name and a text to set it to."""
    before = os.environ.get(name)
    if name and isinstance(value, str):
        os.environ[name] = _printable(value).replace("\0", "")
    try:
        yield
    finally:
        if name:
            os.environ.pop(name, None)
            os.environ.update({} if before is None else {name: before})


def _is_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code"


def _is_number_of_points(value: Any) -> bool:
    is_number = issubclass(type(value), Real) and not isinstance(value, bool)
    return is_number and bool(0 <= value < math.inf)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
