"""`nbgrader_sealed.configure`: nbgrader's own settings stay, except for what is replaced."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import nbgrader_sealed
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from engine.tests.attacks.tiny_course import FULL, TinyCourse
from tests.support import run

# Each list of preprocessors: what replaces which of nbgrader's (None: nothing), what is put directly before
# which, and what is put last.
LISTS = {
    (GenerateAssignment, "preprocessors"): (
        {},
        {"IncludeHeaderFooter": "KeepLanguage", "ClearHiddenTests": "WarnUnsealable"},
        None,
    ),
    (Autograde, "sanitize_preprocessors"): (
        {"DeduplicateIds": None, "OverwriteCells": "Normalise", "CheckCellMetadata": None},
        {},
        None,
    ),
    (Autograde, "autograde_preprocessors"): (
        {"Execute": "SealedExecute", "CheckCellMetadata": None},
        {},
        None,
    ),
    (GenerateFeedback, "preprocessors"): ({"GetGrades": "GetGradesAndPending"}, {}, "ShowResults"),
    (HTMLExporter, "preprocessors"): ({}, {}, "SanitiseOutputs"),
}
IDS = [f"{kind.__name__}.{trait}" for kind, trait in LISTS]


def configured(**options) -> Config:
    c = Config()
    nbgrader_sealed.configure(c, **options)
    return c


def names(config: Config, kind: type, trait: str) -> list[str]:
    """Return the names of the preprocessors that a converter or an exporter has with a configuration."""
    own = {} if kind is HTMLExporter else {"coursedir": CourseDirectory(config=config)}
    made = kind(config=copy.deepcopy(config), **own)  # nbgrader's applications copy it, too
    return [one.rpartition(".")[2] if isinstance(one, str) else one.__name__ for one in getattr(made, trait)]


def executing(config: Config) -> list[str]:
    return names(config, Autograde, "autograde_preprocessors")


def loaded(folder: Path, *files: str) -> Config:
    """Return what several configuration files say, merged as traitlets' applications do."""
    merged = Config()
    for number, text in enumerate(files):
        (folder / f"{number}.py").write_text(f"import nbgrader_sealed\nc = get_config()\n{text}\n")
        merged.merge(PyFileConfigLoader(f"{number}.py", path=str(folder)).load_config())
    return merged


@pytest.mark.parametrize(("kind", "trait"), LISTS, ids=IDS)
def test_a_list_is_the_installed_nbgraders_but_for_what_is_replaced(kind, trait):
    replaced, before, last = LISTS[kind, trait]
    default = names(Config(), kind, trait)
    assert {*replaced, *before} <= set(default)
    expected = []
    for name in default:
        expected += [one for one in (before.get(name), replaced.get(name, name)) if one]
    assert names(configured(), kind, trait) == [*expected, *filter(None, [last])]


def test_marking_schemes_in_answers_are_removed_before_checksums():
    plain = names(configured(), GenerateAssignment, "preprocessors")
    moved = names(configured(mark_schemes_in_answers=True), GenerateAssignment, "preprocessors")
    assert plain.index("ClearMarkScheme") > plain.index("ComputeChecksums")
    assert moved.index("ClearMarkScheme") + 1 == moved.index("ComputeChecksums")
    assert sorted(moved) == sorted(plain)


ONE = "tests.One"
EDITS = {
    "append": (f"c.Autograde.autograde_preprocessors.append('{ONE}')", lambda found: [*found, "One"]),
    "extend": (f"c.Autograde.autograde_preprocessors.extend(['{ONE}'])", lambda found: [*found, "One"]),
    "prepend": (f"c.Autograde.autograde_preprocessors.prepend(['{ONE}'])", lambda found: ["One", *found]),
    "insert": (
        f"c.Autograde.autograde_preprocessors.insert(1, '{ONE}')",
        lambda found: [found[0], "One", *found[1:]],
    ),
    "assignment": (f"c.Autograde.autograde_preprocessors = ['{ONE}']", lambda found: ["One"]),
}
CONFIGURE = "nbgrader_sealed.configure(c, packages=['numpy'])"


@pytest.mark.parametrize("sealed", [CONFIGURE, f"{CONFIGURE}\n{CONFIGURE}"], ids=["once", "twice"])
@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_an_instructor_changes_a_list_afterwards_in_the_same_file_or_in_a_later_one(
    tmp_path, sealed, edit, expected
):
    unchanged = executing(loaded(tmp_path, sealed))
    assert "SealedExecute" in unchanged
    assert executing(loaded(tmp_path, f"{sealed}\n{edit}")) == expected(unchanged)
    assert executing(loaded(tmp_path, sealed, edit)) == expected(unchanged)


@pytest.mark.parametrize("edit", sorted(EDITS.keys() - {"assignment"}))
def test_what_was_changed_in_a_list_before_stays(tmp_path, edit):
    line, expected = EDITS[edit]
    unchanged = executing(loaded(tmp_path, CONFIGURE))
    assert executing(loaded(tmp_path, f"{line}\n{CONFIGURE}")) == expected(unchanged)
    assert executing(loaded(tmp_path, f"{CONFIGURE}\n{line}\n{CONFIGURE}")) == expected(unchanged)


def test_a_list_that_was_assigned_before_is_changed_as_nbgraders_own():
    c = Config()
    c.Autograde.autograde_preprocessors = ["tests.One", "nbgrader.preprocessors.Execute", "tests.Two"]
    for _ in range(2):
        nbgrader_sealed.configure(c)
        assert executing(c) == ["One", "SealedExecute", "Two"]


def test_an_operation_that_a_list_cannot_record_is_refused():
    with pytest.raises(TypeError, match="only append, extend, insert and prepend"):
        configured().Autograde.autograde_preprocessors[0] = ONE


@pytest.mark.parametrize("files", [(f"{CONFIGURE}\n{CONFIGURE}",), (CONFIGURE, CONFIGURE)])
def test_configured_twice_is_configured_once(tmp_path, files):
    once, twice = loaded(tmp_path, CONFIGURE), loaded(tmp_path, *files)
    for kind, trait in LISTS:
        assert names(twice, kind, trait) == names(once, kind, trait)
        section = kind.__name__
        once[section].pop(trait), twice[section].pop(trait)
    filters = [HTMLExporter(config=config).filters for config in (once, twice)]
    assert filters[0] == filters[1] != {}
    del once.HTMLExporter["filters"], twice.HTMLExporter["filters"]
    assert once == twice


def test_a_later_setting_counts_more_and_other_filters_stay(tmp_path):
    config = loaded(
        tmp_path,
        "c.HTMLExporter.filters = {'mine': 'html.escape'}",
        f"{CONFIGURE}\nc.SealedExecute.kernel_name = 'python3'",
        "c.Sandbox.packages = []",
    )
    assert config.SealedExecute.kernel_name == "python3"
    assert config.Sandbox.packages == []
    assert HTMLExporter(config=config).filters.keys() == {"mine", "markdown2html"}


BAD = {
    "a name for a list": ({"packages": "numpy"}, "packages must be a list of names, not 'numpy'"),
    "a number for a list": ({"preload": 3}, "preload must be a list of names, not 3"),
    "a number in a list": ({"css_classes": ["a", 3]}, r"css_classes must be a list of names, not \['a', 3\]"),
    "nothing for a name": ({"language": None}, "language must be a str, not None"),
    "a function for its name": ({"prepare": len}, "prepare must be a str, not <built-in function len>"),
    "a word for yes": (
        {"mark_schemes_in_answers": "no"},
        "mark_schemes_in_answers must be a bool, not 'no'",
    ),
    "an unknown option": ({"langauge": "fr"}, "langauge"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_a_bad_argument_is_named_and_nothing_is_configured(options, message):
    c = Config()
    with pytest.raises(TypeError, match=message):
        nbgrader_sealed.configure(c, **options)
    assert c == Config()


def test_what_is_no_configuration_is_refused():
    with pytest.raises(TypeError, match=r"c must be a Config, not \{\}"):
        nbgrader_sealed.configure({})


SURROUNDINGS = """
import json, os, sys
import traitlets.config.loader

def surroundings():
    return {"modules": sorted(sys.modules), "environment": dict(os.environ), "path": list(sys.path),
            "here": os.getcwd()}

before = surroundings()
import nbgrader_sealed
c = traitlets.config.loader.Config()
nbgrader_sealed.configure(c, packages=["numpy"], prepare="json:loads")
print(json.dumps([before, surroundings()]))
"""


def test_configuring_imports_nothing_of_nbgrader_and_changes_nothing_outside(processes, tmp_path):
    done = run(sys.executable, "-c", SURROUNDINGS, cwd=tmp_path, JUPYTER_PATH="/nowhere")
    before, after = json.loads(done.stdout)
    ours = set(after.pop("modules")) - set(before.pop("modules"))
    assert ours == {"nbgrader_sealed", "nbgrader_sealed.configuration"}
    assert after == before
    assert before["environment"]["JUPYTER_PATH"] == "/nowhere"
    assert list(tmp_path.iterdir()) == []


THROUGH_THE_API = """
import json
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

api = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=".").load_config())
for done in api.autograde("ps", "ana"), api.generate_feedback("ps", "ana"):
    assert done["success"], done
"""


def test_the_formgraders_api_grades_sealed_and_gives_feedback(processes, tmp_path):
    course = TinyCourse(tmp_path / "course")
    course.hand_in("ana", lambda nb: None)
    run(sys.executable, "-c", THROUGH_THE_API, cwd=course.root)
    assert course.scores("ana").items() >= FULL.items()
    page = course.page("ana")
    assert "Hidden tests ran here" in page and "Content-Security-Policy" in page


PREPARING = """
import os
from pathlib import Path

MADE = []

def note(name):
    MADE.append(name)
    with Path("prepared.txt").open("a") as file:
        file.write(f"{name} {len(list(Path('autograded').glob('*/ps')))} {os.getpid()}\\n")

def fail(name):
    raise LookupError(f"no cases for {name}\\nand more lines")
"""


@pytest.fixture(scope="module")
def preparing(tmp_path_factory) -> TinyCourse:
    """A course that prepares its hidden tests, which print what was prepared, with two submissions."""
    also = ["import preparing", "print('prepared for', preparing.MADE)"]
    course = TinyCourse(tmp_path_factory.mktemp("preparing") / "course", also=also)
    (course.root / "preparing.py").write_text(PREPARING)
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("nbgrader_sealed.configure(c, prepare='preparing:note')\n")
        config.write("c.SealedExecute.kernel_name = 'python3'\n")
    for student in ("ana", "ben"):
        course.hand_in(student, lambda nb: None)
    return course


def grade(course: TinyCourse, *options: str) -> subprocess.CompletedProcess:
    command = ["nbgrader-sealed", "grade", "ps", *options]
    return run(*command, cwd=course.root, check=False, PYTHONPATH=str(course.root))


FAILING = {
    "preparing:fail": ": 'preparing:fail' failed: LookupError: no cases for ps",
    "preparing:no": ": 'preparing:no' failed: AttributeError: module 'preparing' has no attribute 'no'",
    "no_such:note": ": 'no_such:note' failed: ModuleNotFoundError: No module named 'no_such'",
    "preparing": " must be module:function, not 'preparing'",
}


@pytest.mark.parametrize(("prepare", "message"), FAILING.items(), ids=FAILING)
def test_a_course_that_cannot_prepare_is_refused_in_one_line(processes, preparing, prepare, message):
    graded = set(preparing.root.glob("autograded/*/ps"))
    done = grade(preparing, "--force", f"--GradeApp.prepare={prepare}")
    assert done.returncode == 1
    assert done.stderr == f"nbgrader-sealed grade: GradeApp.prepare{message}\n"
    assert set(preparing.root.glob("autograded/*/ps")) == graded


def test_a_course_prepares_once_before_its_class_is_graded(processes, preparing):
    done = grade(preparing, "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = (preparing.root / "prepared.txt").read_text().splitlines()
    assert line.startswith("ps 0 ")
    assert "0 graded, 2 graded already" in grade(preparing).stdout
    assert (preparing.root / "prepared.txt").read_text().splitlines() == [line]
    for student in ("ana", "ben"):
        assert preparing.scores(student).items() >= FULL.items()
        assert preparing.left(student).count("prepared for ['ps']") >= len(FULL)
