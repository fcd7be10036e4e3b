"""What every test may ask for, in tests/ and in engine/tests/ alike, and the three rings that tests stand in.

A test that asks for `processes` or `unhurried`, itself or by another fixture, stands in the second ring;
one marked `long` stands in the third; all others are fast. Who starts a process without asking fails.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import NEEDS, ROOT, copy_course

FAST, USUAL, LONG = "fast", "usual", "long"
STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"}  # Python's audit events
EXAMPLES = {FAST: 25, USUAL: 100, LONG: 200}  # of a property of Hypothesis, at the most
SEEDS = {FAST: 4, USUAL: 40, LONG: 200}  # that a check is tried with
_forbidden = {"now": False, "seen": ""}


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="only the tests that start no process")
    parser.addoption("--all", action="store_true", help="also the long tests: kills, long attacks, soaks")
    parser.addoption(
        "--no-skips", action="store_true", help="fail, instead of skipping, where something is missing"
    )


def pytest_configure(config):
    """Hear interrupts, also if a shell that runs the tests in its background has them ignored.

    And let every example take its time: how long one takes is the machine's affair.
    """
    for ring, most in EXAMPLES.items():
        settings.register_profile(ring, deadline=None, max_examples=most)
    settings.load_profile(ring_of_run(config))
    own = tempfile.TemporaryDirectory(prefix="tests-settings-")  # nobody's own settings take part
    config.add_cleanup(own.cleanup)
    os.environ.update(JUPYTER_CONFIG_DIR=own.name, IPYTHONDIR=own.name)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(_note_process)


def _note_process(event: str, arguments: tuple) -> None:
    if _forbidden["now"] and event in STARTS:
        _forbidden["seen"] = f"{event} {str(arguments)[:200]}"


def ring_of_run(config) -> str:
    """Return the outermost ring that is run."""
    if config.getoption("--fast"):
        return FAST
    return LONG if config.getoption("--all") else USUAL


def ring_of(item) -> str:
    """Return the ring that a test stands in."""
    if item.get_closest_marker(LONG):
        return LONG
    return USUAL if {"processes", "unhurried"} & set(item.fixturenames) else FAST


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of the rings that are not asked for, but those that are named one by one."""
    rings = [FAST, USUAL, LONG]
    run = rings[: rings.index(ring_of_run(config)) + 1]
    named = {argument for argument in config.args if "::" in argument}
    kept, left_out = [], []
    for item in items:
        ring = ring_of(item)
        if ring == FAST:
            item.add_marker(FAST)
        is_named = any(item.nodeid.startswith(name) for name in named)
        (kept if ring in run or is_named else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a test that starts a process without asking for `processes`."""
    with _forbidding_processes(item):
        return (yield)


@contextmanager
def _forbidding_processes(item) -> Iterator[None]:
    _forbidden.update(now="processes" not in item.fixturenames, seen="")
    try:
        yield
    finally:
        _forbidden["now"] = False
    if _forbidden["seen"]:
        pytest.fail(f"it starts a process, so it must ask for the fixture `processes`: {_forbidden['seen']}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Skip a test for what the machine lacks, and fail one whose fixtures start a process unasked."""
    _skip_for_want(item)
    with _forbidding_processes(item):
        return (yield)


def _skip_for_want(item):
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            is_there, command = NEEDS[what]
            if not is_there():
                verdict = pytest.fail if item.config.getoption("--no-skips") else pytest.skip
                verdict(f"{what} is missing; install it with: {command}")


@pytest.fixture(scope="session")
def processes() -> None:
    """Let a test start processes."""


@pytest.fixture(scope="session")
def unhurried() -> None:
    """Let a test take longer than the fast ring has."""


@pytest.fixture(scope="session")
def seeds(request) -> range:
    """The seeds to try a check with: fewer in the fast ring."""
    return range(SEEDS[ring_of_run(request.config)])


@pytest.fixture(scope="session")
def thorough(request) -> bool:
    """Whether a test may take its time: not in the fast ring."""
    return ring_of_run(request.config) != FAST


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def course(processes, tmp_path) -> Iterator[Path]:
    """A clean copy of the course, to generate, hand in and grade in."""
    return copy_course(tmp_path / "course")
