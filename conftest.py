"""What every test may ask for, in tests/ and in engine/tests/ alike."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import NEEDS, ROOT, copy_course


def pytest_configure(config):
    """Hear interrupts, also where a shell that runs the tests in its background has them ignored.

    And let every example take its time: how long one takes is the machine's affair.
    """
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")
    own = tempfile.TemporaryDirectory(prefix="tests-settings-")  # nobody's own settings take part
    config.add_cleanup(own.cleanup)
    os.environ.update(JUPYTER_CONFIG_DIR=own.name, IPYTHONDIR=own.name)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips", action="store_true", help="fail, instead of skipping, where something is missing"
    )


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            is_there, command = NEEDS[what]
            if not is_there():
                verdict = pytest.fail if item.config.getoption("--no-skips") else pytest.skip
                verdict(f"{what} is missing; install it with: {command}")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def course(tmp_path) -> Path:
    """A clean copy of the course, to generate, hand in and grade in."""
    return copy_course(tmp_path / "course")


