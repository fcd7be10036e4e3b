"""A real JupyterLab, Notebook, Voilà and Chromium for tests and benchmarks: started here, stopped here."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
STARTING = 240  # seconds that a server may take on a busy machine
PATIENCE = 60_000  # milliseconds that a page may take
expect.set_options(timeout=PATIENCE)

# What Jupyter's own pages say to the console, whatever notebook they show, even an empty one.
NOT_OURS = (
    "favicon",
    "net::ERR_",  # exported pages and Voilà ask for MathJax and icons elsewhere
    "reading 'schema'",  # Notebook 7 beside JupyterLab 4.6
    "filebrowser:open-path",  # Notebook 7, now and then while it starts, as the next
    "/static/notebook/",
    "hared module",  # Voilà, of the extensions that only JupyterLab can load
)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write_notebook(path: Path, *cells: str, language: str = "en") -> Path:
    """Write a notebook of code cells."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["lang"] = language
    nbformat.write(notebook, path)
    return path


@contextmanager
def _serving(command: list[str], url: str, folder: Path) -> Iterator[str]:
    home = folder / ".home"  # the settings of whoever runs the tests stay out of them
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(url, server, home / "server.log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no server at {url}:\n{log.read_text()[-3000:]}")


def serve_lab(folder: Path) -> "contextmanager[str]":
    """Serve a folder in JupyterLab and Notebook 7, open to this machine alone; yields the address."""
    root = [f"--ServerApp.root_dir={folder}", "--ServerApp.allow_root=True"]
    return _serving_jupyter(["jupyterlab", *root], folder)


def serve_course(course: Path) -> "contextmanager[str]":
    """Serve a copy of the course as `./course lab` does, open to this machine alone; yields the address."""
    return _serving_jupyter(["classroom.serve", "lab"], course)


def _serving_jupyter(module: list[str], folder: Path) -> "contextmanager[str]":
    port = free_port()
    _ask_for_no_news(folder / ".home" / "settings")
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": folder / ".home" / "settings",
    }
    command = [sys.executable, "-m", *module, *(f"--{name}={value}" for name, value in options.items())]
    return _serving(command, f"http://127.0.0.1:{port}/", folder)


def _ask_for_no_news(settings: Path) -> None:
    asked = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    asked.parent.mkdir(parents=True, exist_ok=True)
    asked.write_text('{"fetchNews": "false", "checkForUpdates": false}')


def serve_voila(notebook: Path) -> "contextmanager[str]":
    """Serve a notebook with Voilà; yields the address."""
    port = free_port()
    command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}"]
    return _serving(command, f"http://127.0.0.1:{port}/", notebook.parent)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield browser
        browser.close()


class Console:
    """What a page complains about: every error of its console, and every exception nobody caught."""

    def __init__(self, page: Page):
        self.errors: list[str] = []
        page.on("console", lambda said: said.type == "error" and self._note(f"{said.text} {said.location}"))
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, text: str) -> None:
        if not any(words in text for words in NOT_OURS):
            self.errors.append(text)


def open_notebook(page: Page, address: str, name: str, *, app: str = "lab/tree") -> None:
    """Open a notebook and wait until its kernel is idle; `app` is "lab/tree" or "notebooks"."""
    # A question of JupyterLab's own, such as which kernel to take, gets the answer that it proposes.
    page.add_locator_handler(_proposed(page), lambda button: button.click(), no_wait_after=True)
    page.goto(f"{address}{app}/{name}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=PATIENCE)
    page.locator(".jp-KernelName", has_not_text="No Kernel").wait_for(timeout=PATIENCE)  # "idle" as well
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=PATIENCE)


def _proposed(page: Page) -> Locator:
    return page.locator(".jp-Dialog .jp-mod-accept")


def run_all(page: Page) -> None:
    """Run every cell, as a person does from the menu: again, where the kernel was not yet listening."""
    ran = page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_not_text="[ ]:").first
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("[data-command='runmenu:run-all']").click()
        try:
            ran.wait_for(timeout=4_000)
        except TimeoutError:
            continue
        return page.remove_locator_handler(_proposed(page))  # what asks from now on was called for
    raise AssertionError("no cell ran")
