"""`nbgrader-sealed`: its commands as a person runs them, with their exit codes."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from engine.tests.attacks.tiny_course import CONFIG, TinyCourse, nbgrader_metadata, source_notebook
from tests.support import run

pytestmark = pytest.mark.usefixtures("processes")


def sealed(course: Path, *words: object):
    return run("nbgrader-sealed", *words, cwd=course, check=False)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]], ids=str)
def test_help_names_every_command(tmp_path, words):
    done = sealed(tmp_path, *words)
    assert done.returncode == 0 and not done.stderr
    for name in ("grade ASSIGNMENT", "release [ASSIGNMENT ...]", "clean NOTEBOOK ..."):
        assert f"\n  {name}" in done.stdout


def test_an_unknown_command_is_named_with_those_that_there_are(tmp_path):
    done = sealed(tmp_path, "graed", "ps")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.splitlines()[0] == "usage: nbgrader-sealed COMMAND [options]"
    assert done.stderr.splitlines()[-1] == "nbgrader-sealed: there is no command 'graed'"


@pytest.mark.parametrize(
    ("name", "options"),
    [("release", ["assignment"]), ("clean", ["files", "--check"]), ("grade", ["--jobs", "--student"])],
)
def test_each_command_has_its_own_help(tmp_path, name, options):
    done = sealed(tmp_path, name, "--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in options)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["release", "clean"])
def test_an_unknown_option_is_refused(tmp_path, name):
    done = sealed(tmp_path, name, "--fast", "x.ipynb")
    assert done.returncode == 2
    assert "unrecognized arguments: --fast" in done.stderr


def write(course: Path, assignment: str, nb) -> None:
    (course / "source" / assignment).mkdir(parents=True)
    nbformat.write(nb, course / "source" / assignment / f"{assignment}.ipynb")


def told(language: str, text: str):
    return new_markdown_cell(text, id=f"title-{language}", metadata={"tags": [f"lang-{language}", "intro"]})


def texts(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


@pytest.fixture
def plain(tmp_path) -> Path:
    """A course with two assignments, whose notebooks have no tags of languages."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    for name in ("ps", "qs"):
        write(tmp_path, name, source_notebook())
    return tmp_path


@pytest.fixture
def bilingual(tmp_path) -> Path:
    """A course in two languages, whose release an earlier assignment is left in."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    nb = source_notebook()
    nb.cells[:0] = [told("fr", "Bonjour"), told("nl", "Dag")]
    write(tmp_path, "ps", nb)
    for language in ("fr", "nl"):
        (tmp_path / "release" / language / "gone").mkdir(parents=True)
    return tmp_path


def test_a_course_without_tags_is_released_as_nbgrader_does(plain):
    done = sealed(plain, "release")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["release/ps", "release/qs"]
    released = texts(plain / "release" / "ps" / "ps.ipynb")
    assert not [text for text in released if "HIDDEN" in text or "SOLUTION" in text]
    assert "lang" not in nbformat.read(plain / "release" / "ps" / "ps.ipynb", as_version=4).metadata
    ours = (plain / "release" / "qs" / "qs.ipynb").read_bytes()
    run("nbgrader", "generate_assignment", "qs", "--force", cwd=plain)
    assert (plain / "release" / "qs" / "qs.ipynb").read_bytes() == ours


def test_only_the_assignments_named_are_released(plain):
    done = sealed(plain, "release", "qs")
    assert (done.returncode, done.stdout) == (0, "release/qs\n")
    assert not (plain / "release" / "ps").exists()


def test_a_course_in_several_languages_is_released_in_each(bilingual):
    done = sealed(bilingual, "release")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["release/fr/ps", "release/nl/ps"]
    for language, mine, other in (("fr", "Bonjour", "Dag"), ("nl", "Dag", "Bonjour")):
        nb = nbformat.read(bilingual / "release" / language / "ps" / "ps.ipynb", as_version=4)
        assert nb.metadata.lang == language
        assert nb.cells[0].source == mine and nb.cells[0].metadata == {"tags": ["intro"]}
        assert other not in [cell.source for cell in nb.cells]
        assert not (bilingual / "release" / language / "gone").exists()


def test_where_a_language_is_released_to_is_configured(bilingual):
    with (bilingual / "nbgrader_config.py").open("a") as config:
        config.write("c.KeepLanguage.release_directory = 'handout-{language}'\n")
    assert sealed(bilingual, "release").stdout.splitlines() == ["handout-fr/ps", "handout-nl/ps"]


def test_the_plain_command_releases_the_configured_language_and_no_unknown_one(bilingual):
    config = bilingual / "nbgrader_config.py"
    config.write_text(CONFIG.replace("configure(c)", "configure(c, language='nl')"))
    run("nbgrader", "generate_assignment", "ps", cwd=bilingual)
    assert texts(bilingual / "release" / "ps" / "ps.ipynb")[0] == "Dag"
    config.write_text(CONFIG)
    done = run("nbgrader", "generate_assignment", "ps", "--force", cwd=bilingual, check=False)
    assert done.returncode != 0
    assert "KeepLanguage.language: no cell is in '', only in ['fr', 'nl']" in done.stderr


def test_an_assignment_that_there_is_not_is_named_and_nothing_is_released(plain):
    done = sealed(plain, "release", "ps", "px")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr == (
        "nbgrader-sealed release: assignment: there is no px in the course's source; there are ['ps', 'qs']\n"
    )
    assert not (plain / "release").exists()


def test_a_course_without_assignments_says_so(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("")
    done = sealed(tmp_path, "release")
    assert done.returncode == 1
    assert "the course's source holds no notebook of an assignment" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_course_says_so(tmp_path):
    done = sealed(tmp_path, "release")
    assert done.returncode == 1
    assert done.stderr == f"nbgrader-sealed release: {tmp_path} holds no nbgrader_config.py\n"


def test_a_notebook_that_lacks_a_language_is_named_and_nothing_is_released(bilingual):
    write(bilingual, "qs", new_notebook(cells=[told("fr", "Bonsoir")]))
    done = sealed(bilingual, "release")
    assert done.returncode == 1
    assert "source/qs/qs.ipynb has no cell in ['nl']; the course is in ['fr', 'nl']" in done.stderr
    assert not (bilingual / "release" / "fr" / "ps").exists()


def test_a_notebook_that_nbgrader_refuses_is_named_with_its_log(plain):
    twice = new_code_cell("1", id="twice", metadata=nbgrader_metadata("double-test", solution=True))
    nb = source_notebook()
    nb.cells.append(twice)
    nbformat.write(nb, plain / "source" / "qs" / "qs.ipynb")
    done = sealed(plain, "release")
    assert done.returncode == 1
    assert "nbgrader-sealed release: qs:\n" in done.stderr
    assert "double-test" in done.stderr
    assert done.stdout == "release/ps\n"


def used() -> nbformat.NotebookNode:
    """Return what Jupyter leaves of a notebook that somebody ran."""
    cell = new_code_cell("1 + 1", id="sum", outputs=[new_output("stream", text="2")], execution_count=7)
    cell.metadata["scrolled"] = True
    return new_notebook(cells=[cell], metadata={"widgets": {}})


def test_clean_removes_outputs_and_says_which_files_it_changed(tmp_path):
    nbformat.write(used(), tmp_path / "used.ipynb")
    before = (tmp_path / "used.ipynb").read_bytes()
    checked = sealed(tmp_path, "clean", "--check", "used.ipynb")
    assert (checked.returncode, checked.stderr) == (1, "used.ipynb: not clean\n")
    assert (tmp_path / "used.ipynb").read_bytes() == before
    cleaned = sealed(tmp_path, "clean", "used.ipynb")
    assert (cleaned.returncode, cleaned.stderr) == (1, "used.ipynb: cleaned\n")
    (cell,) = nbformat.read(tmp_path / "used.ipynb", as_version=4).cells
    assert (cell.outputs, cell.execution_count, cell.metadata) == ([], None, {})
    again = sealed(tmp_path, "clean", "--check", "used.ipynb")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_clean_names_what_is_no_notebook_and_bad_ids_and_goes_on(tmp_path):
    (tmp_path / "text.ipynb").write_text("no notebook")
    nb = used()
    nb.cells[0].id = "a1b2c3d4"
    nbformat.write(nb, tmp_path / "used.ipynb")
    done = sealed(tmp_path, "clean", "missing.ipynb", "text.ipynb", "used.ipynb")
    assert done.returncode == 1
    missing, text, bad_id, cleaned = done.stderr.splitlines()
    assert missing.startswith("missing.ipynb: is no notebook that can be read (")
    assert text.startswith("text.ipynb: is no notebook that can be read (")
    assert bad_id == "used.ipynb: the id 'a1b2c3d4' is not of words"
    assert cleaned == "used.ipynb: cleaned"


def test_clean_asks_for_a_notebook(tmp_path):
    done = sealed(tmp_path, "clean")
    assert done.returncode == 2
    assert "the following arguments are required: files" in done.stderr


def test_a_released_assignment_is_graded_by_the_same_command(tmp_path):
    course = TinyCourse(tmp_path / "course")
    nothing = sealed(course.root, "grade", "ps")
    assert nothing.returncode == 1
    assert "there is no submission of 'ps': submitted/ contains no notebook of it" in nothing.stderr
    course.hand_in("ana", lambda nb: None)
    done = sealed(course.root, "grade", "ps")
    assert done.returncode == 0, done.stderr
    assert "1 graded;" in done.stdout
    assert not sum(value or 0 for value in course.scores("ana").values()) < 10
