"""The browser and the server that the explorer's tests share: started once, a new page for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pooling_lab import set_language
from tests.browser import Console, chromium, serve_lab


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture(scope="session")
def browser(processes) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must not have complained to its console when the test ends."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    console = Console(page)
    yield page
    context.close()
    assert console.errors == []


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The folder that JupyterLab serves."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def lab(processes, folder: Path) -> Iterator[str]:
    """JupyterLab's address; Notebook 7 is there too."""
    with serve_lab(folder) as address:
        yield address
