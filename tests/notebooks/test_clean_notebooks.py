"""Every notebook in git is clean, and the pre-commit hook keeps it so."""

import shutil

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader_sealed.authoring.clean_notebooks import bad_ids, main, text_of

from tests.notebooks.running import SOURCES, execute, read
from tests.support import ROOT, run


def notebooks_in_git():
    return [ROOT / name for name in run("git", "ls-files", "*.ipynb", cwd=ROOT).stdout.split("\n") if name]


def test_every_notebook_in_git_is_clean(processes, capsys):
    notebooks = notebooks_in_git()
    assert notebooks
    assert main(["--check", *map(str, notebooks)]) == 0, capsys.readouterr().err


def used(path, tmp_path):
    """What Jupyter leaves after somebody ran a notebook and looked at it."""
    nb = read(path)
    nb.cells = [cell for cell in nb.cells if cell.id in ("imports", "by-hand-picture")]
    nb = execute(nb, tmp_path)
    nb.cells[0].metadata["scrolled"] = True
    nb.cells[0].metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    nb.metadata["widgets"] = {}
    nb.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    return nb


def test_cleaning_a_used_notebook_gives_back_the_clean_one(processes, tmp_path):
    clean = read(SOURCES[0])
    clean.cells = [cell for cell in clean.cells if cell.id in ("imports", "by-hand-picture")]
    path = tmp_path / "used.ipynb"
    nb = used(SOURCES[0], tmp_path)
    assert nb.cells[1].outputs and nb.cells[1].execution_count
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    assert main([str(path)]) == 1
    assert path.read_text(encoding="utf-8") == text_of(clean)
    assert main([str(path)]) == 0


def test_check_says_what_is_not_clean_and_changes_nothing(tmp_path, capsys):
    path = tmp_path / "odd.ipynb"
    nb = read(SOURCES[0])
    nb.cells[2].outputs = [new_output("stream", text="left over")]
    path.write_text(text_of(nb), encoding="utf-8")
    before = path.read_bytes()
    assert main(["--check", str(path)]) == 1
    assert "odd.ipynb: not clean" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [None, "no json", "[]"])
def test_a_file_that_is_no_notebook_is_named_and_the_next_is_cleaned(tmp_path, capsys, text):
    broken, good = tmp_path / "broken.ipynb", tmp_path / "good.ipynb"
    if text is not None:
        broken.write_text(text)
    nb = read(SOURCES[0])
    good.write_text(nbformat.writes(nb, indent=3))
    assert main([str(broken), str(good)]) == 1
    assert "broken.ipynb: is no notebook" in capsys.readouterr().err
    assert good.read_text(encoding="utf-8") == text_of(nb)


def with_cells(*cells):
    return NotebookNode(cells=list(cells))


@pytest.mark.parametrize("name", ["a1b2c3d4", "cell-0123456789abcdef", "Title", "snake_case"])
def test_an_id_that_is_not_of_words_is_named(name):
    assert bad_ids(with_cells(new_markdown_cell("x", id=name))) == [f"the id {name!r} is not of words"]


@pytest.mark.parametrize("name", ["title", "max-pool2d-solution", "half"])
def test_an_id_of_words_is_left_in_peace(name):
    assert bad_ids(with_cells(new_markdown_cell("x", id=name))) == []


def test_an_id_that_stands_twice_or_is_not_the_grade_id_is_named():
    cell = new_code_cell("x", id="twice", metadata={"nbgrader": {"grade_id": "other"}})
    assert bad_ids(with_cells(new_code_cell("x", id="twice"), cell)) == [
        "the id 'twice' stands more than once",
        "the id 'twice' differs from the grade_id 'other'",
    ]


def test_the_pre_commit_hook_cleans_what_is_about_to_be_committed(course, tmp_path):
    name = SOURCES[0].relative_to(ROOT)
    clean = (course / name).read_bytes()
    (course / ".venv").symlink_to(ROOT / ".venv")
    shutil.rmtree(course / ".git", ignore_errors=True)
    run("git", "init", "--quiet", cwd=course)
    nb = read(SOURCES[0])
    nb.cells[2].outputs, nb.cells[2].execution_count = [new_output("stream", text="left over")], 7
    nbformat.write(nb, course / name)
    run("git", "add", name, ".pre-commit-config.yaml", cwd=course)
    hook = ["pre-commit", "run", "clean-notebooks", "--files", name]
    home = {"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    assert run(*hook, cwd=course, check=False, **home).returncode == 1
    assert (course / name).read_bytes() == clean
    run("git", "add", name, cwd=course)
    assert run(*hook, cwd=course, **home).returncode == 0
