"""A stranger's course: the wheel in a fresh environment, and nbgrader's own quickstart course."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT

ENGINE = ROOT / "engine"
TWO_LINES = "\nimport nbgrader_sealed\nnbgrader_sealed.configure(c)\n"
RIGHT = {
    "squares": "def squares(n):\n    if n < 1:\n        raise ValueError\n"
    "    return [i**2 for i in range(1, n + 1)]",
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
}


@pytest.fixture(scope="module")
def wheel(processes, tmp_path_factory) -> Path:
    """The engine's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ENGINE, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_the_package_the_kernelspec_and_the_catalogues(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    data = next(name for name in names if name.endswith("/kernels/sandboxed-python/kernel.json"))
    assert ".data/data/share/jupyter/kernels/" in data
    assert {
        "nbgrader_sealed/__init__.py",
        "nbgrader_sealed/py.typed",
        "nbgrader_sealed/messages/locale/es/LC_MESSAGES/nbgrader_sealed.mo",
    } <= names
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if "." not in name} == {"nbgrader_sealed"}


def test_the_wheel_knows_nothing_about_pooling_or_about_this_course(wheel):
    with zipfile.ZipFile(wheel) as files:
        for name in (name for name in files.namelist() if not name.endswith("LICENSE")):
            text = files.read(name).lower()
            assert b"pool2d" not in text and b"pooling" not in text, name
            assert b"./course" not in text and b"release/es" not in text, name


def test_the_readme_shows_the_two_lines():
    readme = (ENGINE / "README.md").read_text(encoding="utf-8")
    assert TWO_LINES.strip() in readme


@pytest.fixture(scope="module")
def bin_of_fresh(wheel, tmp_path_factory) -> Path:
    """The programs of a fresh environment with nbgrader and the wheel, and nothing else of ours."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    install = [venv / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, "-c", ROOT / "requirements.lock", wheel], check=True, capture_output=True)
    return venv / "bin"


def at(programs: Path, *command: str, cwd: Path, check: bool = True) -> str:
    """Run a program of the fresh environment, and return what it said."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))
    }
    environment["PATH"] = os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"])
    environment["HOME"] = str(cwd)
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert not check or not done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def quickstart(bin_of_fresh, tmp_path_factory) -> Path:
    """nbgrader's quickstart course with the two lines, released, and handed in by two students."""
    folder = tmp_path_factory.mktemp("quickstart")
    at(bin_of_fresh, "nbgrader", "quickstart", "course101", cwd=folder)
    course = folder / "course101"
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(TWO_LINES)
    at(bin_of_fresh, "nbgrader", "generate_assignment", "ps1", cwd=course)
    for student, answers in {"bitdiddle": {}, "hacker": RIGHT}.items():
        target = course / "submitted" / student / "ps1"
        target.mkdir(parents=True)
        for path in (course / "release" / "ps1").iterdir():
            (target / path.name).write_bytes(answered(path, answers))
    return course


def answered(path: Path, answers: dict[str, str]) -> bytes:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    nb = json.loads(path.read_text(encoding="utf-8"))
    for cell in nb["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell["source"] = answers[name]
    return json.dumps(nb).encode()


POINTS = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as gradebook:
    for each in sorted(gradebook.assignment_submissions("ps1"), key=lambda each: each.student.id):
        print(each.student.id, sum(grade.auto_score or 0 for book in each.notebooks for grade in book.grades))
"""


@pytest.fixture(scope="module")
def stock(bin_of_fresh, quickstart) -> str:
    """What stock nbgrader gives the same submissions, without the two lines."""
    course = quickstart.parent / "stock"
    shutil.copytree(quickstart, course)
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().removesuffix(TWO_LINES))
    at(bin_of_fresh, "nbgrader", "autograde", "ps1", cwd=course)
    return at(bin_of_fresh, "python", "-c", POINTS, cwd=course)


@pytest.mark.long
def test_the_two_lines_grade_nbgraders_quickstart_course(bin_of_fresh, quickstart, stock):
    said = at(bin_of_fresh, "nbgrader", "autograde", "ps1", cwd=quickstart)
    assert "Sandbox: kernels run in" in said
    assert at(bin_of_fresh, "python", "-c", POINTS, cwd=quickstart) == stock
    assert stock.splitlines() == ["bitdiddle 0", "hacker 3.0"]
    at(bin_of_fresh, "nbgrader", "generate_feedback", "ps1", cwd=quickstart)
    page = (quickstart / "feedback/hacker/ps1/problem1.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page and "<script" not in page


@pytest.mark.long
def test_the_command_grades_it_too(bin_of_fresh, quickstart, stock):
    said = at(bin_of_fresh, "nbgrader-sealed", "grade", "ps1", "--force", "--jobs", "2", cwd=quickstart)
    assert "2 graded" in said
    assert at(bin_of_fresh, "python", "-c", POINTS, cwd=quickstart) == stock


@pytest.mark.long
def test_the_environment_knows_the_kernel_and_its_provisioner(bin_of_fresh, tmp_path):
    assert "sandboxed-python" in at(bin_of_fresh, "jupyter", "kernelspec", "list", cwd=tmp_path)
    assert "nbgrader-sealed" in at(bin_of_fresh, "jupyter", "kernelspec", "provisioners", cwd=tmp_path)
