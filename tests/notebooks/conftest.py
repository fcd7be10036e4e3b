"""Every notebook of the course, each in turn."""

import pytest
from nbformat import NotebookNode

from tests.notebooks.running import RELEASED, SOURCES, name_of, read


@pytest.fixture(params=SOURCES, ids=name_of)
def source(request) -> NotebookNode:
    """A source notebook, each in turn."""
    return read(request.param)


@pytest.fixture(params=RELEASED, ids=name_of)
def released(request) -> NotebookNode:
    """A released notebook, each in turn."""
    return read(request.param)
