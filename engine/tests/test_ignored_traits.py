"""A setting that sealed execution cannot honour is not ignored in silence."""

import logging

import pytest
from nbconvert.preprocessors import Preprocessor
from nbgrader.preprocessors import Execute
from nbgrader_sealed.execution.ignored_traits import IGNORED_TRAITS
from nbgrader_sealed.execution.preprocessor import SealedExecute
from traitlets.config import Config

from engine.tests.attacks.tiny_course import FULL, TinyCourse

HONOURED = {
    "kernel_name",
    "timeout",
    "startup_timeout",
    "extra_arguments",
    "ipython_hist_file",
    "kernel_manager_class",
}
INTERNAL = {"resources", "_display_id_map"}  # of one run of nbclient's, and no settings

OTHER_VALUES = {
    "allow_errors": False,
    "allow_error_names": ["ValueError"],
    "force_raise_errors": True,
    "interrupt_on_timeout": False,
    "error_on_timeout": {"ename": "Late", "evalue": "", "traceback": []},
    "timeout_func": len,
    "iopub_timeout": 9,
    "raise_on_iopub_timeout": False,
    "shell_timeout_interval": 9,
    "execute_retries": 2,
    "skip_cells_with_tag": "slow",
    "record_timing": False,
    "store_widget_state": False,
    "coalesce_streams": True,
    "shutdown_kernel": "immediate",
    **{name: print for name in IGNORED_TRAITS if name.startswith("on_")},
}


def test_every_trait_of_execute_is_honoured_or_known_as_ignored():
    own = set(Execute.class_traits()) - set(Preprocessor.class_traits()) - INTERNAL
    assert own == HONOURED | set(IGNORED_TRAITS)


@pytest.fixture
def make(caplog):
    """Make the preprocessor, and return it with what it logs."""

    def make(**settings):
        caplog.clear()
        made = SealedExecute(log=logging.getLogger("ignored-traits"), **settings)
        return made, [record.getMessage() for record in caplog.records]

    return make


@pytest.mark.parametrize("name", IGNORED_TRAITS)
def test_an_ignored_trait_that_is_given_to_the_class_is_named_in_the_log(name, make):
    _, logged = make(**{name: OTHER_VALUES[name]})
    assert logged == [f"Execute.{name} has no effect on sealed execution: {IGNORED_TRAITS[name]}"]


@pytest.mark.parametrize("section", ["SealedExecute", "Execute", "ExecutePreprocessor", "NotebookClient"])
def test_an_ignored_trait_is_named_wherever_it_is_configured(section, make):
    made, logged = make(config=Config({section: {"record_timing": False, "timeout": 7}}))
    assert made.timeout == 7
    assert len(logged) == 1
    assert logged[0].startswith("Execute.record_timing has no effect")


def test_honoured_traits_and_nbgraders_own_defaults_give_no_warning(make):
    stock = Execute()
    assert not make(timeout=7, kernel_name="python3")[1]
    assert not make(**{name: getattr(stock, name) for name in IGNORED_TRAITS})[1]


def test_nbgraders_command_names_the_ignored_traits_and_grades(processes, tmp_path):
    course = TinyCourse(tmp_path / "course")
    course.hand_in("right", lambda nb: None)
    assert "has no effect" not in course.autograde()
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("c.Execute.on_cell_start = print\nc.NotebookClient.skip_cells_with_tag = 'x'\n")
    course.hand_in("again", lambda nb: None)
    log = course.autograde()
    for name in ("on_cell_start", "skip_cells_with_tag"):
        assert f"Execute.{name} has no effect on sealed execution: {IGNORED_TRAITS[name]}" in log
    assert course.scores("again").items() >= FULL.items()
