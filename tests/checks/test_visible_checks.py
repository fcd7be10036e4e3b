"""`check(function)`: what a student sees in the notebook."""

import subprocess
import sys

import numpy as np
import pytest
from right_solutions import RIGHT
from traitlets.config import Config

from pooling_lab.cases import VISIBLE
from pooling_lab.checking import CheckFailed, check
from pooling_lab.differences import is_right
from pooling_lab.language import set_language
from pooling_lab.tasks import TASKS
from pooling_lab.trial import try_out
from pooling_ref.cases import REFERENCE
from pooling_ref.misconceptions import MISCONCEPTIONS

ROWS = [(task, number) for task, rows in VISIBLE.items() for number in range(len(rows))]


@pytest.mark.parametrize(("task", "number"), ROWS)
def test_every_number_written_out_is_what_the_reference_gives(task, number):
    case = VISIBLE[task][number].case
    assert is_right(TASKS[task], case, try_out(REFERENCE[task], case))


def named(function, name):
    def given(*args, **kwargs):
        return function(*args, **kwargs)

    given.__name__ = name
    return given


# What most of a class gets wrong shows in the notebook already.
COMMON = (
    "starts-at-zero", "transposed", "size-without-plus-one", "ceil-for-floor", "width-from-height",
    "two-by-two-written-in", "integer-division", "sum-not-mean", "starts-without-stride", "no-return",
    "moves-by-window", "window-swapped", "default-stride-one", "zero-padding", "padding-not-counted",
    "padding-counted", "returns-list", "channels-mixed", "first-channel-only", "return-inside-loop",
    "too-large-window-accepted", "padding-on-one-side", "row-stride-for-columns", "minimum",
)  # fmt: skip


@pytest.mark.parametrize("key", COMMON)
def test_common_mistakes_are_seen_in_the_notebook(key):
    for task, versions in MISCONCEPTIONS[key].versions.items():
        with pytest.raises(CheckFailed):
            check(named(versions[0], task))


def test_a_failure_shows_call_values_window_and_next_step():
    with pytest.raises(CheckFailed) as failed:
        check(named(MISCONCEPTIONS["zero-padding"].versions["max_pool2d"][0], "max_pool2d"))
    said = str(failed.value)
    for part in ("max_pool2d(x, 2, padding=1)", "Came back", "Expected", "it should be -7", "·", "Next step"):
        assert part in said
    assert failed.value._render_traceback_() == said.split("\n")


def test_while_autograding_a_failure_is_only_shown(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check(named(lambda *args: None, "max_pool2d"))
    out, err = capsys.readouterr()
    assert "None" in out and err == ""


def test_while_validating_a_failure_is_raised(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(CheckFailed):
        check(named(lambda *args: None, "max_pool2d"))


@pytest.mark.parametrize("function", [named(max, "pool"), lambda x: x, 3, None, np.max])
def test_an_unknown_name_is_answered_with_the_tasks_there_are(function):
    with pytest.raises(CheckFailed, match="The tasks are: output_size, max_pool_matrix, max_pool2d"):
        check(function)


def test_the_task_may_be_given_for_another_name():
    check(RIGHT["max_pool2d"][2], task="max_pool2d")


def test_what_is_not_written_yet_gets_a_friendly_line():
    def max_pool2d(x, kernel_size, stride=None, padding=0):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match="Not written yet"):
        check(max_pool2d)


def test_spanish_is_spoken_to_who_reads_spanish():
    set_language("es")
    with pytest.raises(CheckFailed, match="Siguiente paso"):
        check(named(lambda *args: None, "max_pool2d"))


def test_check_is_offered_and_stays_a_function():
    import pooling_lab.checking

    assert callable(pooling_lab.check)
    from pooling_lab import check as again

    assert again is check


def test_the_students_side_never_loads_the_hidden_one_and_comes_quickly(processes):
    code = (
        "import sys; from pooling_lab import check; print([name for name in sys.modules"
        " if name.startswith(('pooling_ref', 'matplotlib', 'ipywidgets', 'nbgrader_sealed'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_in_a_kernel_the_message_stands_alone(processes):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbformat.v4 import new_code_cell, new_notebook

    source = (
        "from pooling_lab import check, set_language\nset_language('en')\ndef max_pool2d(x, k): return x\n"
    )
    notebook = new_notebook(cells=[new_code_cell(source + "check(max_pool2d)")])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, config=Config(), kernel_name="python3", timeout=60).execute()
    error = notebook.cells[0].outputs[-1]
    assert error.ename == "CheckFailed"
    assert error.traceback[0].startswith("✗ max_pool2d, case 1 of")
    assert not any("pooling_lab/" in line or "Traceback" in line for line in error.traceback)
