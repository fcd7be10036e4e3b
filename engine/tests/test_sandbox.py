"""The parts of the sandboxes, each by itself."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import KernelManager
from nbgrader_sealed.configuration import KERNEL
from nbgrader_sealed.sandbox.fork_server import SandboxError
from nbgrader_sealed.sandbox.limits import Limits
from nbgrader_sealed.sandbox.sandboxed.launch import LaunchRequest
from nbgrader_sealed.sandbox.settings import Sandbox
from nbgrader_sealed.sandbox.workspace import Workspace, short_folder
from nbgrader_sealed.submission.links import disarm_links
from traitlets import TraitError
from traitlets.config import Config

from tests.support import ROOT, run

pytestmark = pytest.mark.needs("linux")
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def numbers_in(header: Path) -> dict[str, int]:
    """The system calls that a header of Linux's defines, by name."""
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\n", header.read_text())
    return {name: int(number) for name, number in found}


@pytest.mark.needs("linux-headers")
@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_of_system_calls_are_those_of_linux(machine):
    from nbgrader_sealed.sandbox.sandboxed import seccomp

    column = seccomp.ARCHITECTURES[machine][0]
    known = numbers_in(HEADERS[machine])
    compared = 0
    for name, numbers in seccomp.NUMBERS.items():
        if name in known:
            assert numbers[column] == known[name], name
            compared += 1
        else:
            assert numbers[column] is None or numbers[column] >= 424, f"{name} is not in the header"
    assert compared > 80


def test_an_architecture_without_a_table_is_refused():
    from nbgrader_sealed.sandbox.sandboxed import seccomp

    with pytest.raises(OSError, match="no table of system calls for machine 'pdp11'"):
        seccomp.program(seccomp.EVERYWHERE, "pdp11")


def in_a_fork(action) -> str:
    """What `action` returns in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = action()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


@pytest.mark.needs("landlock")
@pytest.mark.parametrize("abi", range(1, 8))
def test_each_version_of_landlock_keeps_a_process_in(processes, tmp_path, abi):
    from nbgrader_sealed.sandbox.sandboxed import landlock_rules as landlock
    from nbgrader_sealed.sandbox.sandboxed import linux, seccomp

    if abi > landlock.version():
        pytest.skip(f"this Linux kernel has version {landlock.version()}")
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        folder.mkdir()
        (folder / "file").write_text("text")

    def try_everything() -> str:
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        landlock.restrict([], [str(mine)], abi)
        linux.drop_capabilities()
        seccomp.apply([*seccomp.EVERYWHERE, *seccomp.beside_landlock()])
        attempts = {
            "read mine": lambda: (mine / "file").read_text(),
            "write mine": lambda: (mine / "more").write_text("x"),
            "read": lambda: (theirs / "file").read_text(),
            "list": lambda: os.listdir(theirs),
            "write": lambda: (theirs / "file").write_text("x"),
            "make": lambda: (theirs / "more").write_text("x"),
            "truncate": lambda: os.truncate(theirs / "file", 0),
            "open and truncate": lambda: os.open(theirs / "file", os.O_RDONLY | os.O_TRUNC),
            "rename": lambda: os.rename(theirs / "file", mine / "taken"),
            "remove": lambda: os.unlink(theirs / "file"),
            "change": lambda: os.chmod(theirs / "file", 0),
            "signal": lambda: os.kill(os.getppid(), 0),
            "connect": lambda: socket.socket(),
        }
        worked = []
        for name, action in attempts.items():
            try:
                action()
                worked.append(name)
            except OSError:
                continue
        return json.dumps(worked)

    # Changing the mode says that it worked, and does nothing.
    assert json.loads(in_a_fork(try_everything)) == ["read mine", "write mine", "change"]
    assert (theirs / "file").read_text() == "text"
    assert stat.S_IMODE((theirs / "file").stat().st_mode) != 0


def test_a_filter_holds_one_argument_against_a_value(processes):
    from nbgrader_sealed.sandbox.sandboxed import linux, seccomp

    def open_two_kinds() -> str:
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        seccomp.apply(seccomp.EVERYWHERE)
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        one.send(b"a stream")
        heard = other.recv(100).decode()
        try:
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        except PermissionError:
            return f"{heard} and nothing else"
        return heard

    assert in_a_fork(open_two_kinds) == "a stream and nothing else"


@given(
    st.builds(
        LaunchRequest,
        backend=st.sampled_from(["bubblewrap", "landlock"]),
        workspace=st.text(),
        environment=st.dictionaries(st.text(), st.text()),
        limits=st.dictionaries(st.text(), st.integers()),
        read=st.lists(st.text()),
        kernel=st.none() | st.dictionaries(st.text(), st.text()),
    )
)
def test_a_job_arrives_as_it_was_sent(job):
    assert LaunchRequest.decode(job.encode()) == job


def test_limits_have_a_sense():
    with pytest.raises(TraitError, match="memory"):
        Limits(memory=1)
    assert set(Limits().numbers()) >= {"cpu_seconds", "memory", "disk", "files", "processes", "threads"}


@pytest.fixture
def workspace(tmp_path):
    base = short_folder()
    (base / "workspaces").mkdir()
    made = Workspace(base / "workspaces", base, "one")
    yield made
    made.clear()
    base.joinpath("workspaces").rmdir()
    base.rmdir()


def test_a_room_takes_files_and_nothing_else(workspace, tmp_path):
    source = tmp_path / "handed-in"
    (source / "deep").mkdir(parents=True)
    (source / "data.csv").write_text("1,2")
    (source / "deep" / "more.csv").write_text("3,4")
    (source / "link.csv").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(source)  # a Unix socket's path must be short
        bound.bind("socket")
        os.chdir(ROOT)
        left_out = workspace.populate(source, most=10**6)
    assert sorted(left_out) == ["folder", "link.csv", "pipe", "socket"]
    work = workspace.folder / "work"
    copied = sorted(str(path.relative_to(work)) for path in work.rglob("*"))
    assert copied == ["data.csv", "deep", "deep/more.csv"]
    assert (work / "deep" / "more.csv").read_text() == "3,4"


@pytest.mark.parametrize(
    ("notebook", "metadata"),
    [
        (b'{"cells": [{"source": "hidden"}], "metadata": {"lang": "en"}}', {"lang": "en"}),
        (b'{"cells": [], "metadata": ["not", "a", "mapping"]}', {}),
        (b"hidden, and no notebook at all", {}),
        (b"\xff\xfe hidden", {}),
        (b"[" * 100_000, {}),
    ],
)
def test_of_a_notebook_a_room_takes_the_metadata_alone(workspace, tmp_path, notebook, metadata):
    (tmp_path / "ps.ipynb").write_bytes(notebook)
    workspace.populate(tmp_path, most=10**6)
    copied = (workspace.folder / "work" / "ps.ipynb").read_text()
    assert json.loads(copied)["metadata"] == metadata
    assert json.loads(copied)["cells"] == []
    assert "hidden" not in copied


def test_a_room_is_cleared_even_where_its_folders_were_closed(workspace):
    closed = workspace.folder / "work" / "closed"
    (closed / "deeper").mkdir(parents=True)
    (closed / "deeper" / "file").write_text("x")
    (closed / "deeper").chmod(0)
    closed.chmod(0)
    workspace.clear()
    assert not workspace.folder.exists()


def test_a_room_takes_no_more_than_fits(workspace, tmp_path):
    (tmp_path / "large.bin").write_bytes(bytes(1000))
    assert workspace.populate(tmp_path, most=999) == ["large.bin"]
    assert not (workspace.folder / "work" / "large.bin").exists()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    with pytest.raises(ValueError, match="too long for a Unix socket"):
        Workspace(tmp_path, tmp_path / ("x" * 120), "one")


def test_what_can_be_read_must_not_hold_the_submissions(tmp_path):
    sandbox = Sandbox(readable=[str(tmp_path)])
    with pytest.raises(SandboxError, match=re.escape(str(tmp_path))):
        sandbox.refuse_to_show(tmp_path / "autograded" / "me")
    Sandbox().refuse_to_show(tmp_path / "autograded" / "me")


@pytest.mark.parametrize("setting", ["packages", "readable"])
def test_a_place_that_is_not_there_is_named(tmp_path, setting):
    config = Config()
    config.Sandbox[setting] = ["/no/such_place"]
    manager = KernelManager(kernel_name=KERNEL, config=config)
    with pytest.raises(SandboxError, match=rf"^Sandbox.{setting}: there is no .*'/no/such_place'"):
        manager.start_kernel(cwd=str(tmp_path))
    manager.cleanup_resources()


def test_a_kind_of_sandbox_that_does_not_exist_is_refused():
    with pytest.raises(TraitError, match="kind"):
        Sandbox(kind="cardboard")


@pytest.fixture
def secret(tmp_path):
    """A file that no submission may lead to."""
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret")
    return secret


def disarm(folder):
    disarm_links(assignment="*", student="*", notebooks=[str(folder / "ps.ipynb")])


def test_links_that_were_handed_in_become_notes(tmp_path, secret):
    folder = tmp_path / "submitted" / "me" / "ps"
    (folder / "deep").mkdir(parents=True)
    (folder / "ps.ipynb").symlink_to(secret)
    (folder / "deep" / "data.txt").symlink_to(secret)
    (folder / "all").symlink_to(tmp_path)
    (folder / "own.txt").write_text("mine")
    os.mkfifo(folder / "timestamp.txt")
    (folder / "deep").chmod(0o555)
    disarm(folder)
    for name in ("ps.ipynb", "deep/data.txt", "all"):
        assert not (folder / name).is_symlink()
        assert "A link to" in (folder / name).read_text()
    assert "No regular file" in (folder / "timestamp.txt").read_text()
    assert (folder / "own.txt").read_text() == "mine"
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("linked", ["ps", "."])
def test_a_submission_that_is_a_link_to_another_is_not_the_other(tmp_path, linked):
    other, mine = tmp_path / "submitted" / "other", tmp_path / "submitted" / "me"
    (other / "ps").mkdir(parents=True)
    (other / "ps" / "ps.ipynb").write_text("the other's")
    (mine / linked).parent.mkdir(exist_ok=True)
    Path(os.path.normpath(mine / linked)).symlink_to(other / linked)
    disarm(mine / "ps")
    assert not (mine / "ps" / "ps.ipynb").exists()
    assert (other / "ps" / "ps.ipynb").read_text() == "the other's"


def test_the_folders_of_a_grading_process_are_gone_when_it_ends(processes, tmp_path):
    code = """
import sys
from pathlib import Path
from nbgrader_sealed.sandbox.runtime import SandboxRuntime
runtime = SandboxRuntime.of_this_process()
runtime.workspace()
print(runtime.folder)
"""
    folder = run(sys.executable, "-c", code, cwd=ROOT).stdout.strip()
    assert folder
    assert not Path(folder).exists()


def test_a_grader_that_is_killed_takes_its_kernels_with_it(processes, tmp_path):
    code = """
import sys, time
from jupyter_client.manager import KernelManager
from nbgrader_sealed.configuration import KERNEL
manager = KernelManager(kernel_name=KERNEL)
manager.start_kernel(cwd=sys.argv[1])
print(manager.is_alive(), flush=True)
time.sleep(3600)
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout.readline() == "True\n"
    theirs = psutil.Process(grader.pid).children(recursive=True)
    assert theirs
    grader.kill()
    grader.wait()
    deadline = time.monotonic() + 60
    while any(alive(process) for process in theirs):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
