"""`./course lab` and `nbgrader formgrader`: real servers, asked for their pages."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from classroom.recipe import load_class
from classroom.submit import hand_in
from tests.support import copy_course, run

pytestmark = pytest.mark.usefixtures("processes")

ANA, *_ = load_class()
TOKEN = "a-token-for-the-test"
PATIENCE = 300  # seconds; a server that starts on a busy machine takes long


class Server:
    """A page of the course that is being served, with the log of its server."""

    def __init__(self, port: int, log: Path) -> None:
        self.url, self.log = f"http://127.0.0.1:{port}", log

    def open(self, path: str, method: str = "GET") -> tuple[str, str]:
        """Return the address that `path` leads to, and what it shows."""
        headers = {"Authorization": f"token {TOKEN}"}
        with urlopen(Request(self.url + path, headers=headers, method=method)) as answer:
            return answer.geturl().removeprefix(self.url), answer.read().decode()

    def wait(self, process: subprocess.Popen) -> None:
        """Wait until the server answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                self.open("/api")
                return
            except HTTPError:
                raise
            except (URLError, ConnectionError):
                time.sleep(0.2)
        raise AssertionError(f"no server:\n{self.log.read_text()}")


@contextmanager
def served(course: Path, *command: str):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = course / f"{'-'.join(command[-2:]).replace('/', '-')}.log"
    options = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Tests that use the graders' kernel leave its place in the environment; a person at a shell has none.
    clean = {name: value for name, value in os.environ.items() if name != "JUPYTER_PATH"}
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *options],
            cwd=course,
            env={**clean, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        server = Server(port, log)
        server.wait(process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = copy_course(tmp_path_factory.mktemp("served") / "course")
    run("nbgrader", "generate_assignment", "max-pooling", cwd=course)
    return course


@pytest.fixture(scope="module")
def lab(course):
    with served(course, sys.executable, "-m", "classroom.serve", "lab") as server:
        yield server


@pytest.fixture(scope="module")
def formgrader(course):
    with served(course, str(Path(sys.executable).parent / "nbgrader"), "formgrader") as server:
        yield server


def test_lab_opens_at_the_released_course_in_the_default_language(lab):
    address, page = lab.open("/")
    assert address == "/lab/tree/es"
    assert "<title>JupyterLab</title>" in page


def test_lab_shows_the_assignments_in_both_languages_and_nothing_of_the_source(lab):
    def names(path):
        return {entry["name"] for entry in json.loads(lab.open(f"/api/contents/{path}")[1])["content"]}

    assert names("") == {"en", "es"}
    assert {"max-pooling", "average-pooling"} <= names("es") & names("en")
    assert names("es/max-pooling") == {"max_pooling.ipynb"}


def test_lab_opens_in_another_folder_where_it_is_told_to(course):
    command = (sys.executable, "-m", "classroom.serve", "lab", "--ServerApp.root_dir=source")
    with served(course, *command) as server:
        names = {entry["name"] for entry in json.loads(server.open("/api/contents/")[1])["content"]}
        assert "max-pooling" in names
        assert server.open("/")[0] == "/lab"


def test_lab_complains_about_nothing_of_ours(lab):
    lab.open("/api/kernelspecs")
    said = lab.log.read_text()
    assert "formgrader" not in said
    assert "sandbox" not in said


def test_formgrader_opens_nbgrader_s_pages(formgrader):
    address, page = formgrader.open("/")
    assert address == "/formgrader/manage_assignments"
    assert "Manage Assignments" in page


def test_formgrader_knows_the_course_and_what_is_released(formgrader):
    assignments = {
        each["name"]: each for each in json.loads(formgrader.open("/formgrader/api/assignments")[1])
    }
    assert assignments["max-pooling"]["max_score"] == 20
    assert {"max-pooling", "average-pooling"} <= assignments.keys()


def test_formgrader_s_button_autogrades_a_submission_as_the_command_does(formgrader, course):
    hand_in(course, ANA)
    submission = f"/formgrader/api/submission/{ANA.assignment}/{ANA.student}"
    done = json.loads(formgrader.open(f"{submission}/autograde", method="POST")[1])
    assert done["success"], done
    assert json.loads(formgrader.open(submission)[1])["score"] == 16


def test_formgrader_s_links_to_the_course_s_files_lead_somewhere(formgrader):
    assert "max_pooling.ipynb" in formgrader.open("/api/contents/source/max-pooling")[1]
    assert formgrader.open("/tree/source/max-pooling")[0] == "/tree/source/max-pooling"


def test_without_a_release_lab_says_how_to_get_one(tmp_path, root):
    (tmp_path / "nbgrader_config.py").write_text((root / "nbgrader_config.py").read_text())
    done = run(*("python", "-m", "classroom.serve", "lab"), cwd=tmp_path, check=False, PYTHONPATH=str(root))
    assert done.returncode == 1
    assert "`./course release` makes it" in done.stderr
