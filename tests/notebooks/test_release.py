"""release/ is what generating makes of source/ now, and gives nothing away."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader_sealed.authoring.languages import language_of
from nbgrader_sealed.authoring.release import release

from tests.notebooks.running import RELEASED, SOLUTION, SOURCES, read
from tests.support import ROOT, run

SECRETS = ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "pooling_ref", "grade("]
SCHEME = re.compile(r"### BEGIN MARK SCHEME\n(.*?)\n### END MARK SCHEME", re.DOTALL)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_release_is_byte_for_byte_what_generating_makes_now(course):
    for notebook in (course / "release").rglob("*.ipynb"):
        notebook.unlink()
    run("nbgrader-sealed", "release", cwd=course)
    assert files(course / "release") == files(ROOT / "release")


def test_every_assignment_is_released_in_every_language():
    released = {path.relative_to(ROOT / "release").as_posix() for path in RELEASED}
    sources = [path.relative_to(ROOT / "source").as_posix() for path in SOURCES]
    assert released == {f"{language}/{name}" for language in ("es", "en") for name in sources}


def test_nothing_that_release_removes_leaves_a_trace():
    for path, text in ((path, path.read_text(encoding="utf-8")) for path in RELEASED):
        for secret in SECRETS:
            assert secret not in text, f"{secret} in {path}"


def test_no_line_of_a_notebooks_solutions_or_marking_schemes_is_in_its_release():
    """In its own: a later notebook may give the functions of an earlier one, so that nobody is stuck."""
    for source in SOURCES:
        whole = "\n".join(cell.source for cell in read(source).cells)
        removed = "\n".join([*SOLUTION.findall(whole), *SCHEME.findall(whole)])
        given = SCHEME.sub("", SOLUTION.sub("", whole))
        lines = {line.strip() for line in removed.splitlines() if len(line.strip()) > 20}
        secret = {line for line in lines if line not in given}
        assert len(secret) > 10
        for language in ("es", "en"):
            released = read(ROOT / "release" / language / source.relative_to(ROOT / "source"))
            text = "\n".join(cell.source for cell in released.cells)
            assert [line for line in secret if line in text] == [], released.metadata


def test_a_released_solution_cell_is_signature_shapes_and_todo(released):
    for cell in released.cells:
        if cell.id.endswith("-solution"):
            signature, shapes, todo = cell.source.split("\n")
            assert re.fullmatch(r"def \w+\(.+\):", signature)
            assert re.fullmatch(r' {4}""".+ -> .+\."""', shapes)
            assert todo == "    raise NotImplementedError  # TODO"
        if cell.id.endswith("-question"):
            assert cell.source == "✎ ..."


def test_a_released_notebook_says_its_language_and_holds_only_that(released, request):
    language = released.metadata.lang
    assert request.node.callspec.id.startswith(language)
    other = {"es": "-en", "en": "-es"}[language]
    assert not [cell.id for cell in released.cells if cell.id.endswith(other)]
    assert not [cell.id for cell in released.cells if language_of(cell)]


def test_graded_cells_are_the_same_bytes_in_both_languages():
    for source in SOURCES:
        name = source.relative_to(ROOT / "source")
        graded = [
            [
                nbformat.v4.writes(nbformat.v4.new_notebook(cells=[cell]))
                for cell in read(ROOT / "release" / language / name).cells
                if "nbgrader" in cell.metadata
            ]
            for language in ("es", "en")
        ]
        assert graded[0] and graded[0] == graded[1], name


def test_code_is_the_same_in_both_languages():
    for source in SOURCES:
        name = source.relative_to(ROOT / "source")
        code = [
            [cell for cell in read(ROOT / "release" / language / name).cells if cell.cell_type == "code"]
            for language in ("es", "en")
        ]
        assert code[0] == code[1], name


def test_a_notebook_that_lacks_a_language_of_the_course_is_named_before_anything_is_generated(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("")
    for name, tags in (("one", ["lang-de", "lang-es"]), ("two", ["lang-es"])):
        cells = [new_markdown_cell("text", metadata={"tags": [tag]}) for tag in tags]
        (tmp_path / "source" / name).mkdir(parents=True)
        nbformat.write(new_notebook(cells=cells), tmp_path / "source" / name / "nb.ipynb")
    with pytest.raises(ValueError, match=r"source/two/nb.ipynb has no cell in \['de'\]"):
        release(tmp_path, [])
    assert not (tmp_path / "release").exists()


def test_a_course_without_notebooks_is_no_release(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("")
    with pytest.raises(ValueError, match="source holds no notebook"):
        release(tmp_path, [])
