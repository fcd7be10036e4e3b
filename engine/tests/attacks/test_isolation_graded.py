"""Hostile submissions through the real `nbgrader autograde`: what they score, and what they leave."""

import os
from pathlib import Path

import psutil
import pytest

from engine.tests.attacks.isolated import CANARY, SANDBOXES
from engine.tests.attacks.tiny_course import CONFIG, FULL, HIDDEN_CANARY, TinyCourse, cell

pytestmark = [pytest.mark.needs("linux"), pytest.mark.usefixtures("processes")]
SANDBOXED = """
from nbgrader_sealed.configuration import KERNEL
from nbgrader_sealed.submission.links import disarm_links

c.SealedExecute.kernel_name = KERNEL
c.Autograde.pre_convert_hook = disarm_links
c.Sandbox.kind = "{kind}"
c.Sandbox.preload = ["numpy"]
c.Limits.cpu_seconds = 60
c.Limits.disk = 20 * 2**20
"""

# Each is put before the `return` of `double`, so that the rest of the notebook is right.
IN_DOUBLE = {
    "forks": "while True: os.fork()",
    "hoards": "hoard = []\n    while True: hoard.append(bytearray(10**8))",
    "fills-the-disk": "\n    ".join(
        ["n = 0", "while n < 10**4:", "    open(f'f{n}', 'wb').write(bytes(10**7)); n += 1"]
    ),
    "ends-itself": "os._exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "loops": "while True: pass",
    "loops-and-swallows": "\n    ".join(
        ["while True:", "    try:", "        while True: pass", "    except BaseException: pass"]
    ),
    "garbles-its-sockets": "\n    ".join(
        [
            "import stat",
            "for fd in range(3, 256):",
            "    try:",
            "        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, bytes(range(255, 0, -1)) * 4)",
            "    except OSError: pass",
        ]
    ),
    "calls-home": "import socket; socket.create_connection(('127.0.0.1', 80), 3)",
    "reads-the-solutions": "print(open('{root}/source/ps/ps.ipynb').read())",
    "reads-the-gradebook": "print(open('{root}/gradebook.db', 'rb').read())",
    "writes-the-gradebook": "open('{root}/gradebook.db', 'ab').write(b'x')",
    "reads-another": "print(open('{root}/submitted/honest/ps/ps.ipynb').read())",
}

# Each is a cell at the top of a notebook that is otherwise right, and must cost nothing.
AT_THE_TOP = {
    "prints-its-environment": "import os; print(dict(os.environ))",
    "reads-its-own-notebook": "print(open('ps.ipynb').read())",
    "looks-for-what-others-left": (
        "from pathlib import Path; print([str(p) for f in ('/tmp', '/dev/shm', '~') "
        "for p in Path(f).expanduser().glob('*')])"
    ),
    "leaves-things-behind": (
        "from pathlib import Path\nfor f in ('/tmp', '/dev/shm', '~', '.'):\n"
        "    try: Path(f).expanduser().joinpath('{canary}').write_text('{canary}')\n    except OSError: pass"
    ),
    "leaves-a-daemon": (
        "import os, time\ntry:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(3600)\n"
        "except OSError: pass"
    ),
    "spawns": "import subprocess; subprocess.Popen(['sleep', '4243.25'], start_new_session=True)",
    "hands-in-links": "print(open('data.txt').read(), open('other/deep.txt').read())",
}


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=pytest.mark.needs(kind)) for kind in SANDBOXES]
)
def graded(request, tmp_path_factory):
    """A class of hostile students and an honest one, graded in one run."""
    course = TinyCourse(tmp_path_factory.mktemp(request.param) / "course")
    config = CONFIG + SANDBOXED.format(kind=request.param)
    (course.root / "nbgrader_config.py").write_text(config)
    for student, line in IN_DOUBLE.items():
        lines = f"import os\ndef double(x):\n    {line.replace('{root}', str(course.root))}\n    return 2 * x"
        course.hand_in(student, lambda nb, lines=lines: cell(nb, "double-solution").update(source=lines))
    for student, lines in AT_THE_TOP.items():
        text = lines.replace("{canary}", CANARY)
        course.hand_in(
            student, lambda nb, text=text: cell(nb, "imports").update(source=f"import numpy as np\n{text}")
        )
    links = course.root / "submitted/hands-in-links/ps"
    (links / "other").mkdir()
    (links / "data.txt").symlink_to(course.root / "gradebook.db")
    (links / "other" / "deep.txt").symlink_to(course.root / "source" / "ps" / "ps.ipynb")
    course.hand_in("honest", lambda nb: None)
    course.zone = f"UTC+0:{os.getpid() % 60:02}"  # all that the grading starts behind sandbox has it
    given = {"SECRET_OF_THE_GRADER": CANARY, "TZ": course.zone}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        course.log = course.autograde()
    return course


def automatic(course: TinyCourse, student: str) -> dict[str, float | None]:
    return {name: score for name, score in course.scores(student).items() if name in FULL}


@pytest.mark.parametrize("student", IN_DOUBLE)
def test_the_attacked_cell_scores_nothing_and_the_others_keep_their_points(graded, student):
    assert automatic(graded, student) == {**FULL, "double-test": 0.0}, graded.log


@pytest.mark.parametrize("student", [*AT_THE_TOP, "honest"])
def test_what_is_no_part_of_an_answer_costs_nothing(graded, student):
    assert automatic(graded, student) == FULL, graded.log


@pytest.mark.parametrize("student", [*IN_DOUBLE, *AT_THE_TOP])
def test_no_secret_is_in_what_a_submission_left(graded, student):
    left = graded.left(student)
    assert HIDDEN_CANARY not in left
    if student != "leaves-things-behind":
        assert CANARY not in left
    assert "SQLite format" not in left


def test_nothing_goes_on_when_the_class_is_graded(graded):
    left = list(psutil.process_iter(["cmdline", "environ"]))
    assert not [each for each in left if "4243.25" in " ".join(each.info["cmdline"] or [])]
    assert not [each for each in left if (each.info["environ"] or {}).get("TZ") == graded.zone]


def test_nothing_is_left_in_the_folders_that_all_share(graded):
    assert not Path("/tmp", CANARY).exists()
    assert not Path("/dev/shm", CANARY).exists()
    assert not (Path.home() / CANARY).exists()


REFUSED = "No permissions to create a new namespace"


@pytest.fixture
def without_namespaces(tmp_path):
    """A course where bubblewrap does what it does where namespaces are not allowed."""
    course = TinyCourse(tmp_path / "course")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "bwrap").write_text(f"#!/bin/sh\necho 'bwrap: {REFUSED}' >&2\nexit 1\n")
    (tools / "bwrap").chmod(0o755)
    course.path = f"\nimport os\nos.environ['PATH'] = '{tools}:' + os.environ['PATH']\n"
    course.hand_in("honest", lambda nb: None)
    return course


def graded_with(course: TinyCourse, kind: str, more: str = "") -> str:
    (course.root / "nbgrader_config.py").write_text(CONFIG + SANDBOXED.format(kind=kind) + more)
    return course.autograde()


def test_a_sandbox_that_cannot_work_refuses_and_says_what_to_do(without_namespaces):
    log = graded_with(without_namespaces, "bubblewrap", without_namespaces.path)
    assert REFUSED in log
    assert "c.Sandbox.kind = 'none'" in log
    assert not (without_namespaces.root / "autograded" / "honest" / "ps").exists()


@pytest.mark.needs("landlock")
def test_where_bubblewrap_may_not_run_landlock_takes_its_place(without_namespaces):
    assert "kernels run in landlock" in graded_with(without_namespaces, "auto", without_namespaces.path)
    assert automatic(without_namespaces, "honest") == FULL


def test_an_instructor_may_do_without_a_sandbox(without_namespaces):
    graded_with(without_namespaces, "none", without_namespaces.path)
    assert automatic(without_namespaces, "honest") == FULL
