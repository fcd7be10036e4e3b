"""The rooms of the house and the doors between them, as docs say."""

import ast
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT, run

ENGINE = "engine/src/nbgrader_sealed"
OURS = {"pooling_ref", "pooling_lab", "nbgrader_sealed", "classroom", "benchmarks"}
ROOMS = {
    "pooling_lab": set(),
    "pooling_ref": {"pooling_lab"},
    ENGINE: set(),
    "classroom": {"nbgrader_sealed", "pooling_lab"},
}


def imports(path: Path) -> set[str]:
    """Return the names of the top-level packages that a module imports by absolute name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_whom_it_may_know(room):
    modules = list((ROOT / room).rglob("*.py"))
    assert modules
    for module in modules:
        assert imports(module) & OURS <= ROOMS[room] | {Path(room).name}, module


@pytest.mark.parametrize("room", ["pooling_lab", ENGINE])
def test_no_file_of_the_students_or_of_the_engine_names_the_hidden_reference(room):
    for path in (ROOT / room).rglob("*"):
        if path.suffix in {".py", ".js", ".css", ".po", ".md"}:
            assert "pooling_ref" not in path.read_text(), path


def test_the_engine_knows_nothing_about_pooling():
    for path in (ROOT / ENGINE).rglob("*.py"):
        assert "pool2d" not in path.read_text(), path
        assert "pooling_lab" not in path.read_text(), path


def test_every_room_says_its_purpose_in_its_first_line():
    inits = [*ROOT.glob("*/__init__.py"), ROOT / ENGINE / "__init__.py"]
    for init in inits:
        if init.parent.name in OURS:
            assert re.match(r'"""[A-Z].+[.:]', init.read_text()), init


def test_the_wheel_that_students_install_holds_the_lab_alone(course, tmp_path):
    run("python", "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=course)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.split("/")[0] for name in names}
    assert packages == {"pooling_lab", next(name for name in packages if name.endswith(".dist-info"))}
    contents = [zipfile.ZipFile(wheel).read(name) for name in names]
    assert not any(b"pooling_ref" in content for content in contents)


def test_the_source_archive_holds_no_solution_and_no_reference(course, tmp_path):
    run("python", "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=course)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {Path(name).parts[1] for name in files.getnames()}
    assert names <= {"pooling_lab", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}
