"""`nbgrader-sealed grade`: parallel grading gives the same results as nbgrader's own command."""

import fcntl
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader_sealed.batch.pool import FORK, Pool, WorkerDied
from nbgrader_sealed.execution import slots
from nbgrader_sealed.execution.slots import cores, slot

from engine.tests.attacks.tiny_course import FULL, TinyCourse, cell
from tests.support import ROOT, run

pytestmark = pytest.mark.usefixtures("processes")

# What in a gradebook does not depend on the time or order of grading.
SCORES = """
    SELECT student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade,
           submitted_assignment.timestamp, submitted_notebook.late_submission_penalty
    FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN student ON student.id = submitted_assignment.student_id
    ORDER BY student.id, base_cell.name
"""
COMMENTS = """
    SELECT student.id, base_cell.name, comment.auto_comment
    FROM comment
    JOIN base_cell ON base_cell.id = comment.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = comment.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN student ON student.id = submitted_assignment.student_id
    ORDER BY student.id, base_cell.name
"""
STUDENTS = "SELECT id, first_name, last_name FROM student ORDER BY id"
COURSES = "SELECT id FROM course ORDER BY id"


def wrong(name: str, source: str):
    """Return the change of a student who solved all but one task."""
    return lambda nb: setattr(cell(nb, f"{name}-solution"), "source", source)


def slow(nb):
    """Make a student's notebook take a while."""
    nb.cells.insert(1, nbformat.v4.new_code_cell("import time; time.sleep(1.5)"))


MIXED = {
    "ana": lambda nb: None,
    "ben": wrong("double", "def double(x):\n    return x"),
    "carla": wrong("largest", "def largest(values):\n    return abs(max(values, key=abs))"),
    "dan": wrong("pair", "import os\n\ndef pair(x):\n    os._exit(0)"),
    "eva": wrong("double", "def double(x)\n    return"),
    "fay": lambda nb: b"no notebook at all",
}


def hand_in(course: TinyCourse, students: dict) -> TinyCourse:
    for student, change in students.items():
        course.hand_in(student, change)
        stamp = course.root / "submitted" / student / "ps" / "timestamp.txt"
        stamp.write_text("2026-03-27 18:00:00 UTC\n")
    return course


SETTINGS = """
from pathlib import Path
from nbgrader_sealed.batch.command import early_settings
from nbgrader_sealed.authoring.release import load_config

for config in early_settings(), load_config(Path.cwd()):
    print(sorted(config.Sandbox.items()))
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader_sealed", "grade", *words]


def grade(course: TinyCourse, *words: str, check: bool = True) -> subprocess.CompletedProcess:
    return run(*command("ps", *words), cwd=course.root, check=check, PYTHONPATH=str(ROOT))


def asked(course: TinyCourse, question: str) -> list[tuple]:
    with sqlite3.connect(course.root / "gradebook.db") as gradebook:
        return gradebook.execute(question).fetchall()


def graded_folders(course: TinyCourse) -> set[str]:
    return {path.parent.parent.name for path in course.root.glob("autograded/*/ps/ps.ipynb")}


def shown(course: TinyCourse, student: str) -> list:
    """Return the cells of a graded notebook, without the ids that are random."""
    return [(each.source, each.get("outputs")) for each in course.autograded(student).cells]


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory) -> TinyCourse:
    """A class that was graded by four workers."""
    course = hand_in(TinyCourse(tmp_path_factory.mktemp("grade") / "course"), MIXED)
    done = grade(course, "--jobs", "4")
    course.said = done.stdout + done.stderr
    return course


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory) -> TinyCourse:
    """The same class, graded by nbgrader's own command."""
    course = hand_in(TinyCourse(tmp_path_factory.mktemp("plain") / "course"), MIXED)
    course.autograde()
    return course


@pytest.mark.parametrize("question", [SCORES, COMMENTS, STUDENTS, COURSES])
def test_the_gradebook_is_that_of_the_plain_command(side_by_side, one_by_one, question):
    assert asked(side_by_side, question) == asked(one_by_one, question) != []


@pytest.mark.parametrize("student", MIXED)
def test_the_graded_notebooks_are_those_of_the_plain_command(side_by_side, one_by_one, student):
    assert shown(side_by_side, student) == shown(one_by_one, student)


def test_what_is_graded_has_the_plain_command_s_files_with_its_permissions(side_by_side, one_by_one):
    def files(course):
        found = [path for student in MIXED for path in (course.root / "autograded" / student).rglob("*")]
        return {path.relative_to(course.root): path.stat().st_mode for path in found}

    assert files(side_by_side) == files(one_by_one)


def test_it_says_how_many_were_graded_and_where_its_log_is(side_by_side):
    assert f"{len(MIXED)} graded" in side_by_side.said
    log = (side_by_side.root / "grade.log").read_text()
    assert all(f"== ps {student}: graded" in log for student in MIXED)


def test_what_is_graded_is_not_graded_again_until_it_is_handed_in_anew(side_by_side):
    assert f"0 graded, {len(MIXED)} graded already" in grade(side_by_side).stdout
    stamp = side_by_side.root / "submitted" / "ana" / "ps" / "timestamp.txt"
    stamp.write_text("2026-03-28 18:00:00 UTC\n")
    assert f"1 graded, {len(MIXED) - 1} graded already" in grade(side_by_side).stdout


def test_force_grades_again_and_only_the_students_named(side_by_side):
    said = grade(side_by_side, "--force", "--student", "ana", "ben").stdout
    assert "2 graded;" in said
    assert side_by_side.scores("ana").items() >= FULL.items()


def test_nothing_is_left_of_the_work(side_by_side):
    left = [path.name for path in (side_by_side.root / "autograded" / ".grading").iterdir()]
    assert left == ["lock"]


REFUSED = {
    "an unknown assignment": (
        ["no-such"],
        "no assignment 'no-such' in the gradebook (there are: ps)",
    ),
    "no jobs": (["ps", "--jobs", "0"], "--jobs must be 1 or more, not 0"),
    "an unknown student": (["ps", "--student", "zoe"], "--student: submitted/ contains no notebook of 'zoe'"),
    "no student": (["ps", "--student", "--force"], "--student: name one student at least"),
    "no student at the end": (["ps", "--student"], "--student: name one student at least"),
    "a negative seed": (
        ["ps", "--seed", "-1"],
        "'seed' trait of a GradeApp instance should not be less than 0",
    ),
    "a seed that no test gets": (["ps", "--seed", "7"], "GradeApp.seed_variable is not configured"),
    "no time": (["ps", "--SealedExecute.notebook_timeout=x"], "notebook_timeout"),
    "no assignment": ([], "name one assignment"),
}


@pytest.mark.parametrize("words, message", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused_with_its_reason(side_by_side, words, message):
    done = run(*command(*words), cwd=side_by_side.root, check=False, PYTHONPATH=str(ROOT))
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ["import no_such_module", "c.Execute.timeout = = 3"])
def test_a_configuration_that_does_not_run_is_refused_and_nothing_is_graded_without_it(tmp_path, line):
    course = hand_in(TinyCourse(tmp_path / "course"), {"ana": lambda nb: None})
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"{line}\n")
    done = grade(course, check=False)
    assert done.returncode == 1
    assert "nbgrader-sealed grade: the configuration cannot be loaded: " in done.stderr
    assert "Traceback" not in done.stderr
    assert graded_folders(course) == set()


def seeds(course: TinyCourse) -> set[str]:
    """Return the seeds that the hidden tests of a class found in the environment."""
    cells = [each for student in graded_folders(course) for each in course.autograded(student).cells]
    return set(re.findall(r"seed (\w+)", str([each.get("outputs") for each in cells])))


def test_a_class_shares_its_seed_which_is_fresh_in_each_run_unless_it_is_given(tmp_path, monkeypatch):
    course = TinyCourse(tmp_path / "course", also=["import os", "print('seed', os.environ.get('TINY_SEED'))"])
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("c.GradeApp.seed_variable = 'TINY_SEED'\n")
    hand_in(course, dict.fromkeys(("ana", "ben", "eva"), lambda nb: None))
    grade(course, "--jobs", "2")
    (first,) = seeds(course)
    grade(course, "--jobs", "2", "--force")
    (second,) = seeds(course)
    assert first.isdigit() and second.isdigit() and first != second
    assert "Seed: 4711." in grade(course, "--force", "--seed", "4711").stdout
    assert seeds(course) == {"4711"}
    assert course.scores("ana").items() >= FULL.items()
    monkeypatch.setenv("TINY_SEED", "12")
    grade(course, "--force")
    assert seeds(course) == {"12"}
    monkeypatch.setenv("TINY_SEED", "twelve")
    refused = grade(course, "--force", check=False)
    assert refused.returncode == 1
    assert "TINY_SEED in the environment must be a non-negative integer, not 'twelve'" in refused.stderr
    assert seeds(course) == {"12"}


def start(course: TinyCourse, *words: str) -> subprocess.Popen:
    return subprocess.Popen(
        command("ps", *words),
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(is_so, what: str, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX")
def test_who_interrupts_before_anything_is_graded_gets_one_line(tmp_path):
    course = hand_in(TinyCourse(tmp_path / "course"), {"s0": slow})
    running = start(course)
    wait_until(psutil.Process(running.pid).children, "the fork server")
    os.killpg(running.pid, signal.SIGINT)
    said, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert (said + errors).strip().startswith("nbgrader-sealed grade: interrupted")
    assert graded_folders(course) == set()


def test_the_fork_server_starts_with_the_final_settings():
    # In a process of its own, since to load a configuration changes the environment.
    found = run(sys.executable, "-c", SETTINGS, cwd=ROOT).stdout.splitlines()
    assert found[0] == found[1] and "preload" in found[0]


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX")
def test_an_interrupted_run_leaves_whole_grades_only_and_the_next_one_goes_on(tmp_path):
    students = [f"s{number}" for number in range(6)]
    course = hand_in(TinyCourse(tmp_path / "course"), dict.fromkeys(students, slow))
    running = start(course, "--jobs", "2")
    wait_until(lambda: graded_folders(course), "the first grade")
    family = psutil.Process(running.pid).children(recursive=True)
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C in a terminal does: all of them get it
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "to continue: nbgrader-sealed grade ps\n" in said
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    graded = graded_folders(course)
    assert 0 < len(graded) < len(students)
    for student in graded:
        assert course.scores(student).items() >= FULL.items()
    assert [path.name for path in (course.root / "autograded" / ".grading").iterdir()] == ["lock"]
    done = grade(course, "--jobs", "2")
    assert f"{len(students) - len(graded)} graded, {len(graded)} graded already" in done.stdout
    assert graded_folders(course) == set(students)


def is_at_work(process):
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE


def is_worker(child):
    """Return whether it is a worker with a kernel: a process that is starting has its name, too."""
    with suppress(psutil.NoSuchProcess):
        return child.cmdline()[1:3] == ["-m", "nbgrader_sealed"] and child.children()


def test_a_killed_worker_fails_its_submission_alone(tmp_path):
    students = ["s0", "s1", "s2"]
    course = hand_in(TinyCourse(tmp_path / "course"), dict.fromkeys(students, slow))
    running = start(course, "--jobs", "1")
    workers = []

    def have_begun():
        workers[:] = filter(is_worker, psutil.Process(running.pid).children())
        return len(workers) == 2  # the second, which waits for its slot, may have its kernel sooner

    wait_until(have_begun, "two workers")
    min(workers, key=lambda worker: worker.pid).kill()
    said, errors = running.communicate(timeout=300)
    assert running.returncode == 1, errors
    assert re.search(r"s0: .*SIGKILL", said)
    assert "2 graded, 1 failed" in said
    assert graded_folders(course) == {"s1", "s2"}
    assert "== ps s0: " in (course.root / "grade.log").read_text()
    assert "1 graded, 2 graded already" in grade(course).stdout


def test_a_submission_that_nbgrader_cannot_grade_gets_its_line_and_the_others_their_points(tmp_path):
    course = hand_in(TinyCourse(tmp_path / "course"), {"ana": lambda nb: None, "ben": lambda nb: None})
    unknown = course.root / "submitted" / "ben" / "ps"
    (unknown / "ps.ipynb").rename(unknown / "other.ipynb")
    done = grade(course, check=False)
    assert done.returncode == 1
    assert re.search(r"ben: NbGraderException: No notebooks found", done.stdout)
    assert graded_folders(course) == {"ana"}


def test_a_submission_with_odd_files_is_graded_or_named_and_the_others_are_graded(tmp_path):
    course = hand_in(TinyCourse(tmp_path / "course"), dict.fromkeys(("ana", "ben", "eva"), lambda nb: None))
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("from nbgrader_sealed.submission.links import disarm_links\n")
        config.write("c.Autograde.pre_convert_hook = disarm_links\n")
    grade(course)
    submitted = course.root / "submitted"
    Path(os.fsdecode(os.fsencode(submitted / "ana" / "ps") + b"/caf\xe9.txt")).write_text("from a zip")
    (submitted / "ben" / "ps" / "timestamp.txt").write_text("yesterday or so")
    (submitted / "eva" / "ps" / "timestamp.txt").unlink()
    os.mkfifo(submitted / "eva" / "ps" / "timestamp.txt")
    done = grade(course, "--force", check=False)
    assert done.returncode == 1
    assert "ben: ValueError: timestamp.txt contains no time: 'yesterday or so'" in done.stdout
    assert "eva: ValueError: timestamp.txt contains no time: 'No regular file was submitted" in done.stdout
    assert "1 graded, 2 failed" in done.stdout
    assert course.scores("ana").items() >= FULL.items()


STAMPING = """
from nbgrader.preprocessors import NbGraderPreprocessor

class Stamp(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nb.metadata["stamp"] = resources["nbgrader"]["student"]
        return nb, resources

c.Autograde.autograde_preprocessors.append(Stamp)
"""


def test_what_a_preprocessor_changes_after_the_points_are_saved_is_written(tmp_path):
    course = hand_in(TinyCourse(tmp_path / "course"), {"ana": lambda nb: None})
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(STAMPING)
    grade(course)
    assert course.scores("ana").items() >= FULL.items()
    assert course.autograded("ana").metadata.stamp == "ana"


def test_two_commands_do_not_grade_the_same_course_at_once(side_by_side):
    with (side_by_side.root / "autograded" / ".grading" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a command holds it while it grades
        (side_by_side.root / "grade.log").write_text("the first one's")
        second = grade(side_by_side, check=False)
    assert second.returncode == 1
    assert (side_by_side.root / "grade.log").read_text() == "the first one's"
    assert "another nbgrader-sealed grade is running" in second.stderr
    assert grade(side_by_side).returncode == 0


def test_what_a_killed_run_left_is_graded_anew(tmp_path):
    course = hand_in(TinyCourse(tmp_path / "course"), {"s0": lambda nb: None})
    left = course.root / "autograded" / ".grading" / "stage" / "s0" / "ps"
    left.mkdir(parents=True)
    shutil.copy2(course.root / "submitted" / "s0" / "ps" / "timestamp.txt", left)
    assert "1 graded;" in grade(course).stdout
    assert course.scores("s0").items() >= FULL.items()


def test_a_pool_does_all_tasks_though_workers_die():
    def work(task: int) -> int:
        if task % 3 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return task * task

    pool: Pool[int] = Pool(4, work, lambda: None)
    found = dict(filter(None, pool.run(iter(range(20)))))
    pool.close()
    assert set(found) == set(range(20))
    for task, result in found.items():
        assert "SIGKILL" in str(result) if task % 3 == 0 else result == task * task
        assert isinstance(result, WorkerDied) == (task % 3 == 0)


def test_a_worker_that_dies_while_it_has_nothing_to_do_is_replaced():
    pool: Pool[int] = Pool(1, lambda task: task, lambda: None)
    assert dict(filter(None, pool.run(iter([1, 2])))) == {1: 1, 2: 2}
    for worker in pool.workers:
        worker.process.kill()
        worker.process.join()
    assert dict(filter(None, pool.run(iter([3, 4])))) == {3: 3, 4: 4}
    pool.close()


def test_a_pool_that_is_closed_ends_its_workers():
    pool: Pool[int] = Pool(3, time.sleep, lambda: None)
    ended = pool.run(iter([60, 60, 60]))
    assert next(ended) is None
    processes = [worker.process for worker in pool.workers]
    assert len(processes) == 3
    pool.close()
    assert not any(process.is_alive() for process in processes)


def test_a_pool_that_is_closed_ends_what_its_workers_have_started(tmp_path):
    def work(pid_file):
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)  # as kernels are started
        pid_file.write_text(str(child.pid))
        child.wait()

    pool: Pool = Pool(1, work, lambda: None)
    ended = pool.run(iter([tmp_path / "pid"]))
    assert next(ended) is None
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the child")
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    pool.close()
    wait_until(lambda: not is_at_work(child), "the child's end")


def test_a_task_that_takes_too_long_is_ended_alone():
    pool: Pool[float] = Pool(2, time.sleep, lambda: None, seconds=2)
    found = dict(filter(None, pool.run(iter([60, 0, 0.1]))))
    pool.close()
    assert "took more than 2 seconds" in str(found.pop(60))
    assert found == {0: None, 0.1: None}


def test_slots_limit_the_workers_though_one_more_starts():
    together = FORK.Value("i", 0)

    def work(task: int) -> int:
        with slot():
            with together.get_lock():
                together.value += 1
            time.sleep(0.01)
            with together.get_lock():
                together.value -= 1
                return together.value + 1

    pool: Pool[int] = Pool(2, work, lambda: None)
    most = max(at_once for _, at_once in filter(None, pool.run(iter(range(30)))))
    workers = len(pool.workers)
    pool.close()
    assert (most, workers) == (2, 3)


@pytest.fixture
def own_cores(monkeypatch):
    """Cores that no other command on this machine takes."""
    monkeypatch.setattr(slots, "NAME", f"core-of-{os.getpid()}")


@pytest.mark.needs("linux")
def test_each_slot_has_a_core_of_its_own_while_cores_last(own_cores):
    ours = os.sched_getaffinity(0)
    at_once = FORK.Barrier(len(ours) + 1)

    def work(task: int) -> tuple[int | None, set[int], set[int]]:
        with slot() as core:
            at_once.wait()
            inside = os.sched_getaffinity(0)
            at_once.wait()
        return core, inside, os.sched_getaffinity(0)

    pool: Pool[int] = Pool(len(ours) + 1, work, lambda: None)
    found = [result for _, result in filter(None, pool.run(iter(range(2 * len(ours) + 2))))]
    pool.close()
    assert sorted(str(core) for core, _, _ in found) == sorted([*map(str, ours), "None"] * 2)
    for core, inside, afterwards in found:
        assert inside == (ours if core is None else {core})
        assert afterwards == ours


@pytest.mark.needs("linux")
def test_another_command_s_core_is_left_to_it(own_cores):
    def work(task: int) -> int | None:
        with slot() as core:
            return core

    pool: Pool[int] = Pool(1, work, lambda: None)
    free = [core for _, core in filter(None, pool.run(iter([1, 2])))]
    with ExitStack() as taken:
        for core in cores():
            taken.enter_context(socket.socket(socket.AF_UNIX)).bind(f"\0{slots.NAME}-{core}")
        left = [core for _, core in filter(None, pool.run(iter([1, 2])))]
    pool.close()
    assert set(free) <= set(cores())
    assert left == [None, None]


@pytest.mark.needs("linux")
def test_a_worker_that_dies_in_its_slot_leaves_it_to_others(own_cores):
    def work(task: int) -> int | None:
        with slot() as core:
            if task < 5:
                os.kill(os.getpid(), signal.SIGKILL)
            return core

    pool: Pool[int] = Pool(1, work, lambda: None)
    found = dict(filter(None, pool.run(iter(range(10)))))
    pool.close()
    assert [isinstance(found[task], WorkerDied) for task in range(10)] == [True] * 5 + [False] * 5
    assert {found[task] for task in range(5, 10)} <= set(cores())
