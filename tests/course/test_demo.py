"""`./course demo`: the main job from nothing, again, interrupted, and beside a real class."""

import csv
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from classroom.recipe import load_class
from tests.support import copy_course, run

pytestmark = pytest.mark.usefixtures("processes")

ASSIGNMENTS = {recipe.assignment for recipe in load_class()}
FEW = ("demo-ana", "demo-frank", "demo-uma", "demo-bruno", "demo-cleo", "demo-diego", "demo-emma")


def demo(course: Path, *options: str, check: bool = True):
    return run("python", "-m", "classroom.demo", *options, cwd=course, check=check)


def table(said: str) -> dict[tuple[str, str], list[str]]:
    """The printed gradebook: what stands in each row, by assignment and student."""
    rows, assignment, last = {}, "", []
    for line in said.splitlines():
        if line.strip() in ASSIGNMENTS:
            assignment = line.strip()
        elif line.startswith("│"):
            student, *cells = [cell.strip() for cell in line.strip("│").split("│")]
            if student:
                last = rows[assignment, student] = cells
            else:  # the remark goes on
                last[-1] = f"{last[-1]} {cells[-1]}".strip()
    return rows


def remarks(said: str) -> dict[tuple[str, str], str]:
    """The last column of each row, in one line."""
    return {key: cells[-1] for key, cells in table(said).items()}


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course with nothing generated, in which a real student has handed in and was graded."""
    course = copy_course(tmp_path_factory.mktemp("demo") / "course")
    run("nbgrader", "generate_assignment", "max-pooling", cwd=course)
    hers = course / "submitted" / "maria" / "max-pooling"
    hers.mkdir(parents=True)
    (hers / "max_pooling.ipynb").write_bytes(
        (course / "release/en/max-pooling/max_pooling.ipynb").read_bytes()
    )
    (hers / "timestamp.txt").write_text("2026-03-20 10:00:00 UTC\n")
    run("nbgrader", "autograde", "max-pooling", cwd=course)
    run("nbgrader", "generate_feedback", "max-pooling", cwd=course)
    run("nbgrader", "export", cwd=course)
    return course


@pytest.fixture(scope="module")
def before(course) -> dict[Path, bytes]:
    found = {course / "grades.csv": (course / "grades.csv").read_bytes()}
    for room in ("submitted", "autograded", "feedback"):
        found |= everything_in(course / room / "maria")
    return found


@pytest.fixture(scope="module")
def said(course, before) -> str:
    return demo(course, "--only", *FEW).stdout


def test_the_table_shows_points_pending_answers_and_the_recognised_mistake(said):
    rows = table(said)
    assert rows["max-pooling", "demo-ana"] == ["es", "3", "5", "8", "pending", "16", ""]
    assert rows["max-pooling", "demo-frank"][-1] == "max_pool_matrix: starts-at-zero"
    assert rows["max-pooling", "demo-emma"] == ["en", "3", "5", "8", "pending", "16", "24 h late"]
    assert rows["average-pooling", "demo-ana"] == ["es", "5", "8", "3", "pending", "16", ""]


def test_a_broken_submission_gets_its_line_in_the_table(said):
    odd = [recipe for recipe in load_class() if recipe.says and recipe.student in FEW]
    assert {recipe.student for recipe in odd} == set(FEW) - {"demo-ana", "demo-frank"}
    for recipe in odd:
        assert recipe.says in remarks(said)[recipe.assignment, recipe.student]


def test_an_unreadable_or_missing_notebook_gets_its_line_while_the_demo_runs(said):
    progress = {line.split()[1]: line for line in said.splitlines() if re.match(r" *\d+/\d+ ", line)}
    assert progress["demo-cleo"].endswith("0 points: the notebook is not valid JSON")
    assert progress["demo-diego"].endswith("not graded: no notebook was handed in")


def test_it_says_where_everything_lies_and_that_is_there(said, course):
    for name in ("gradebook.db", "demo-grades.csv", "demo.log", "feedback"):
        assert str(course / name) in said
        assert (course / name).exists()
    assert (course / "feedback/demo-ana/average-pooling/average_pooling.html").is_file()
    assert "./course lab" in said
    assert "./course formgrader" in said


def test_the_exported_grades_name_the_whole_demo_class_and_nobody_else(said, course):
    with (course / "demo-grades.csv").open(newline="") as file:
        grades = {(row["student_id"], row["assignment"]): float(row["score"]) for row in csv.DictReader(file)}
    assert {student for student, _ in grades} == set(FEW)
    assert grades["demo-ana", "max-pooling"] == 16
    assert grades["demo-diego", "max-pooling"] == 0


def test_nbgrader_s_own_log_is_kept(said, course):
    log = (course / "demo.log").read_text()
    assert "== autograde max-pooling demo-cleo" in log
    assert "JSONDecodeError" in log


def test_the_real_student_s_work_and_grades_stay_as_they_were(said, course, before):
    assert {path: path.read_bytes() for path in before} == before
    run("nbgrader", "export", "--to", "again.csv", "--student", "['maria']", cwd=course)
    with (course / "again.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["assignment"] == "max-pooling")
    assert row["timestamp"] == "2026-03-20 10:00:00"


def test_running_it_twice_gives_the_same(said, course):
    certain = [key for key in table(said) if key[1] != "demo-frank"]  # his points depend on the cases drawn
    again = table(demo(course, "--only", *FEW).stdout)
    assert {key: again[key] for key in certain} == {key: table(said)[key] for key in certain}


def test_an_interrupted_run_says_so_and_the_next_one_comes_out(said, course):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "classroom.demo", "--only", "demo-victor", "demo-ana"],
        cwd=course,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if "demo-ana" in line:  # graded; now the next one is under way
            process.send_signal(signal.SIGINT)
            break
    _, error = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted" in error
    assert table(demo(course, "--only", "demo-ana").stdout)["max-pooling", "demo-ana"][-2] == "16"


def test_a_student_whom_the_class_does_not_have_is_named(course):
    done = demo(course, "--only", "demo-nobody", check=False)
    assert done.returncode == 1
    assert "the demo class has no demo-nobody" in done.stderr


def test_a_release_that_cannot_be_generated_ends_it_with_nbgrader_s_reason(said, course):
    source = course / "source/max-pooling/max_pooling.ipynb"
    whole = source.read_text()
    source.write_text(whole.replace('"max-pool2d-test"', '"max-pool2d-solution"'))
    try:
        done = demo(course, "--only", "demo-ana", check=False)
    finally:
        source.write_text(whole)
    assert done.returncode == 1
    assert "release/ could not be generated" in done.stderr
    assert "Duplicate grade id: max-pool2d-solution" in done.stderr


def test_grading_that_does_not_work_at_all_is_a_failure_of_the_demo(course):
    config = course / "nbgrader_config.py"
    whole = config.read_text()
    config.write_text(f'{whole}\nc.SealedExecute.kernel_name = "no-such-kernel"\n')
    try:
        done = demo(course, "--only", "demo-emma", check=False)
    finally:
        config.write_text(whole)
    assert done.returncode == 1
    assert "1 of 1 submissions were wrongly not graded" in done.stderr
    assert "No such kernel named no-such-kernel" in done.stderr
