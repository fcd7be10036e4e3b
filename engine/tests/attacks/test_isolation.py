"""Attacks on the sandbox of a kernel: each in both sandboxes, with kernels started cold and forked warm."""

import os
import platform
import signal
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from engine.tests.attacks.isolated import CANARY, SANDBOXES, STARTS, World, isolated, settings

pytestmark = [pytest.mark.needs("linux"), pytest.mark.usefixtures("processes")]
SANDBOXES_AND_STARTS = [
    pytest.param(
        (kind, start),
        id=f"{kind}-{start}",
        marks=[pytest.mark.needs(kind), *([pytest.mark.long] if start == "cold" else [])],
    )
    for kind in SANDBOXES
    for start in STARTS
]

# What every attack may use beside the places to attack: raw system calls, and `attempt`, which goes on.
TOOLS = """
import ctypes, errno, os, signal, socket, subprocess, sys
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    return f"done: {result}" if result >= 0 else "refused: " + errno.errorcode[ctypes.get_errno()]

def attempt(action, *arguments, **named):
    try:
        print("done:", action(*arguments, **named))
    except BaseException as error:
        print("refused:", type(error).__name__)
"""

# Attacks that are over when their cell has run: they print what they got, and "done:" where something worked.
READING = {
    "the solutions": "attempt(Path(ROOT, 'source/ps/ps.ipynb').read_text)",
    "the gradebook": "attempt(Path(ROOT, 'gradebook.db').read_bytes)",
    "another's submission": "attempt(Path(ROOT, 'submitted/other/ps/ps.ipynb').read_text)",
    "another's graded notebook": "attempt(Path(ROOT, 'autograded/other/ps/ps.ipynb').read_text)",
    "the graded notebook itself": "attempt(Path(ROOT, 'autograded/me/ps/ps.ipynb').read_text)",
    "the home folder": "attempt(Path(ROOT, 'home/.ssh/id_ed25519').read_text)",
    "the course folder's names": "attempt(os.listdir, ROOT)",
    "the hidden module": "sys.path.insert(0, ROOT); attempt(__import__, 'hidden_reference')",
    "a link that was handed in": "attempt(Path('link.csv').read_bytes)",
    "a link to a folder that was handed in": "attempt(os.listdir, 'linked')",
    "a link made in the notebook": "os.symlink(ROOT, 'mine'); attempt(Path('mine/gradebook.db').read_bytes)",
    "a hard link made in the notebook": "attempt(os.link, ROOT + '/gradebook.db', 'mine.db')",
    "the environments of all processes": """
for pid in [GRADER, NEIGHBOUR, os.getppid(), 1, 2, 3]:
    for name in ("environ", "cmdline", "mem", "maps", "auxv"):
        attempt(Path(f"/proc/{pid}/{name}").read_bytes)
""",
    "the folders of all processes": """
for pid in [GRADER, NEIGHBOUR, os.getppid()]:
    for name in ("cwd", "root"):
        attempt(os.listdir, f"/proc/{pid}/{name}")
    attempt(os.listdir, f"/proc/{pid}/fd")
""",
    "the memory of the grader": """
text = ctypes.create_string_buffer(64)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(text), 64)
for pid in (GRADER, NEIGHBOUR, os.getppid()):
    print(call(310, pid, vector, 1, vector, 1, 0))  # process_vm_readv
    print(call(101, 16, pid, 0, 0))  # PTRACE_ATTACH
    print(call(101, 0x4206, pid, 0, 0))  # PTRACE_SEIZE
    print(call(438, 3, 0, 0))  # pidfd_getfd
""",
    "files left open": """
for number in range(3, 1024):
    try:
        names = os.listdir(os.open(".", os.O_RDONLY, dir_fd=number))
    except OSError:
        continue
    print("done:", number, names)
""",
    "devices and the kernel's memory": """
for name in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/proc/kcore", "/proc/kallsyms"):
    attempt(open, name, "rb")
print(call(103, 3, ctypes.create_string_buffer(4096), 4096))  # syslog
""",
    "the net, by TCP": "attempt(socket.create_connection, ('127.0.0.1', TCP), 3)",
    "the net, by UDP": """
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", UDP)))
""",
    "the net, by names": "attempt(socket.getaddrinfo, 'example.org', 80, socket.AF_INET)",
    "the net, past Python": "print(call(41, 2, 1, 0)); print(call(425, 8, ctypes.create_string_buffer(200)))",
    "a Unix socket without a file": """
def reach():
    with socket.socket(socket.AF_UNIX) as mine:
        mine.connect(ABSTRACT)
        return mine.recv(100)
attempt(reach)
""",
    "a Unix socket with a file": """
def reach():
    with socket.socket(socket.AF_UNIX) as mine:
        mine.connect(SHORT + "/stream")
        return mine.recv(100)
attempt(reach)
""",
    "a Unix socket by way of a pair": """
def reach():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"hello", ABSTRACT + "-dgram")
attempt(reach)
one, _ = socket.socketpair()
attempt(one.connect, ABSTRACT)
""",
    "a Unix socket by way of a pair of another type": """
def reach(kind):
    pair = (ctypes.c_int * 2)()
    if libc.socketpair(socket.AF_UNIX, kind, 0, pair) < 0:
        raise OSError(ctypes.get_errno(), "socketpair")
    socket.socket(fileno=pair[0]).sendto(b"hello", ABSTRACT + "-dgram")
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, 4, 0):
    for flags in (0, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK):
        attempt(reach, kind | flags)
attempt(socket.socketpair, 40, socket.SOCK_STREAM)  # AF_VSOCK
""",
    "a file by asking neither to read nor to write": """
for name in (ROOT + "/gradebook.db", os.__file__, "data.csv"):
    for flags in (0, os.O_TRUNC, os.O_APPEND):
        attempt(os.open, name, 3 | flags)
    print(call(2, name.encode(), 3))  # open
    how = (ctypes.c_uint64 * 3)(3, 0, 0)
    print(call(437, -100, name.encode(), how, 24))  # openat2
""",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world") / "course")
    os.environ["SECRET_OF_THE_GRADER"] = CANARY
    yield made
    del os.environ["SECRET_OF_THE_GRADER"]
    made.close()


@pytest.fixture(params=SANDBOXES_AND_STARTS)
def sandbox(request):
    return request.param


@pytest.fixture(scope="module", params=SANDBOXES_AND_STARTS)
def attacker(request, world):
    """A kernel that many attacks share, since none of them ends it."""
    with isolated(settings(*request.param), world.folder) as kernel:
        yield kernel


def attack(world: World, kernel, code: str):
    facts = "\n".join(f"{name} = {value!r}" for name, value in world.facts().items())
    prepared = kernel.run(TOOLS + facts)
    assert prepared.status == "ok", prepared
    return kernel.run(code)


@pytest.mark.parametrize("code", READING.values(), ids=READING)
def test_a_notebook_cannot_reach(world, attacker, code):
    before = len(world.callers)
    got = attack(world, attacker, code)
    assert got.status == "ok", got
    assert "done:" not in got.text, got.text
    assert not got.text or "refused" in got.text
    assert CANARY not in got.text
    assert len(world.callers) == before


def test_a_notebook_has_pairs_of_streams(world, attacker):
    code = """
import asyncio
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK):
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    one.send(b"hello")
    print(other.recv(100))
loop = asyncio.new_event_loop()
loop.close()
"""
    assert attack(world, attacker, code).text == "b'hello'\n" * 3


def test_a_notebook_sees_no_variable_of_the_graders_environment(world, sandbox):
    with isolated(settings(*sandbox), world.folder) as kernel:
        got = attack(world, kernel, "print(dict(os.environ)); print(sorted(os.environ))")
    assert "PATH" in got.text
    assert CANARY not in got.text
    assert "SECRET" not in got.text


def test_a_notebook_finds_the_data_handed_in_beside_it_and_no_more(world, sandbox):
    config = settings(*sandbox)
    config.Sandbox.packages = []
    with isolated(config, world.folder) as kernel:
        got = attack(
            world,
            kernel,
            "print(sorted(map(str, Path().rglob('*')))); print(Path('data.csv').read_text());"
            "print(Path('ps.ipynb').read_text())",
        )
    assert "['data.csv', 'deep', 'deep/more.csv', 'ps.ipynb']" in got.text
    assert "1,2,3" in got.text
    assert '"lang": "es"' in got.text
    assert CANARY not in got.text


def test_a_package_that_is_shown_is_shown_without_its_neighbours(world, sandbox, monkeypatch):
    monkeypatch.syspath_prepend(str(world.root))
    config = settings(*sandbox)
    config.Sandbox.packages = ["lab_of_students"]
    with isolated(config, world.folder) as kernel:
        got = attack(
            world,
            kernel,
            "import lab_of_students as lab; print(lab.VISIBLE)\n"
            "above = Path(lab.__file__).resolve().parent.parent\n"
            "attempt(Path(above, 'gradebook.db').read_text)\n"
            "attempt(__import__, 'hidden_reference')\n"
            "attempt(Path(lab.__file__).write_text, 'VISIBLE = 0')",
        )
    assert got.text.startswith("what students may import")
    assert "done:" not in got.text
    assert CANARY not in got.text


BREAKING = {
    "writing to the gradebook": """
name = ROOT + "/gradebook.db"
attempt(Path(name).write_bytes, b"")
attempt(open, name, "ab")
attempt(os.open, name, os.O_RDONLY | os.O_TRUNC)
attempt(os.truncate, name, 0)
attempt(os.unlink, name)
attempt(os.rename, name, "mine")
attempt(os.replace, "data.csv", name)
os.chmod(name, 0) if os.path.exists(name) else None
attempt(os.setxattr, name, "user.broken", b"1")
""",
    "writing to Python's own folders": """
for folder in {PACKAGES, sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)}:
    for name in ("broken.pth", "usercustomize.py", "sitecustomize.py"):
        attempt(Path(folder, name).write_text, "import builtins; builtins.broken = True")
attempt(Path(sys.executable).unlink)
""",
    "writing to the system": """
for name in ("/etc/passwd", "/usr/bin/broken", "/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper",
             "/proc/sysrq-trigger", "/broken", "/packages/broken", "/workspaces/broken", "/var/tmp/broken"):
    attempt(Path(name).write_text, "broken")
""",
    "ending other processes": """
for pid in (GRADER, NEIGHBOUR, 1, os.getppid(), -1, -GRADER):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
for number in (GRADER, NEIGHBOUR):
    print(call(424, 3, 9, 0, 0), call(200, number, 9), call(234, number, number, 9))
""",
    "limiting the grader": """
import resource
for pid in (GRADER, NEIGHBOUR):
    attempt(resource.prlimit, pid, resource.RLIMIT_CPU, (0, 0))
    attempt(os.sched_setaffinity, pid, {0})
    attempt(os.setpriority, os.PRIO_PROCESS, pid, 19)
""",
    "leaving the view of the files": """
attempt(os.chroot, ".")
print(call(272, 0x10000000), call(272, 0x00020000))  # unshare: users, mounts
print(call(165, b"/", b".", None, 0x5000, None), call(166, b"/proc", 2), call(155, b".", b"."))
print(call(308, 0, 0), call(428, -100, b"/", 0), call(430, b"proc", 0))  # setns, open_tree, fsopen
print(call(56, 0x10000011, 0, 0, 0, 0))  # clone with new users
print(call(304, 0, 0, 0))  # open_by_handle_at
""",
    "becoming root": """
class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
held = (ctypes.c_uint32 * 6)()
libc.capget(ctypes.byref(Header(0x20080522, 0)), held)
print("done: capabilities" if any(held) else "refused")
attempt(os.setgroups, [0])
attempt(os.setuid, 12345)
attempt(os.mknod, "device", 0o60600, os.makedev(8, 0))
""",
    "the kernel's keys, modules and clocks": """
print(call(248, b"user", b"name", b"x", 1, -3), call(250, 0, -3, 0), call(249, b"user", b"name", None, -3))
print(call(321, 0, 0, 0), call(298, 0, 0, -1, -1, 0), call(323, 0))  # bpf, perf, userfaultfd
print(call(175, 0, 0, b""), call(246, 0, 0, 0, 0))
print(call(227, 0, ctypes.create_string_buffer(16)), call(170, b"broken", 6), call(29, 1, 4096, 0o1600))
""",
    "holding files and owning descriptors": """
import array, fcntl, struct
for name in (os.__file__, "data.csv"):
    with open(name) as file:
        for command in (1024, 1026):  # F_SETLEASE, F_NOTIFY
            for kind in (0, 1):
                attempt(fcntl.fcntl, file, command, kind)
        for command in (0x40086602, 0x40087602, 0x401C5820, 0x40806685):  # flags, version, xattr, verity
            attempt(fcntl.ioctl, file, command, bytes(128))
reading, writing = os.pipe()
for pid in (GRADER, NEIGHBOUR, -GRADER):
    attempt(fcntl.fcntl, reading, 10, 9)  # F_SETSIG
    attempt(fcntl.fcntl, reading, 8, pid)  # F_SETOWN
    attempt(fcntl.fcntl, reading, 15, struct.pack("ii", 1, pid))  # F_SETOWN_EX
    for command in (0x8901, 0x8902, 0x5452):  # FIOSETOWN, SIOCSPGRP, FIOASYNC
        for file in (reading, socket.socketpair()[0]):
            attempt(fcntl.ioctl, file, command, array.array("i", [abs(pid)]))
fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
os.write(writing, b"x")
""",
    "starting another program": """
attempt(os.fork)
attempt(os.posix_spawn, "/bin/sh", ["sh", "-c", "echo"], {})
attempt(subprocess.run, ["/bin/sh", "-c", "echo"])
attempt(os.execv, "/bin/sh", ["sh", "-c", "echo"])
""",
}


@pytest.mark.parametrize("code", BREAKING.values(), ids=BREAKING)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the raw system calls have x86-64's numbers")
def test_a_notebook_cannot_do_harm_by(world, sandbox, code):
    before = world.state()
    with (
        isolated(settings(*sandbox), world.folder) as neighbour,
        isolated(settings(*sandbox), world.folder) as kernel,
    ):
        got = attack(world, kernel, code)
        assert got.status == "ok", got
        assert "done:" not in got.text, got.text
        assert neighbour.run("print('still here')").text == "still here\n"
        assert kernel.run("print('and I')").text == "and I\n"
    assert world.state() == before
    assert world.neighbour.poll() is None
    assert not [*Path(sys.prefix).rglob("broken.pth"), *Path(sys.prefix).rglob("usercustomize.py")]
    assert not Path("/broken").exists()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="32-bit calls are x86's own")
def test_a_system_call_of_the_old_architecture_ends_the_kernel(world, sandbox):
    code = """
import mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b8140000 00 cd80 c3"))  # mov eax, getpid; int 0x80; ret
print("done:", ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    with isolated(settings(*sandbox), world.folder, seconds=10) as kernel:
        got = attack(world, kernel, code)
        assert got.status == "dead"
        assert "done:" not in got.text


SHARED = ["/dev", "/dev/pts", "/dev/mqueue", "/run", "/proc", "/packages", "/workspaces", "/usr", "/home"]


def test_nothing_of_one_notebook_is_left_for_the_next(world, sandbox):
    places = [
        "/tmp",
        "/dev/shm",
        "~",
        ".",
        "~/.ipython/profile_default/startup",
        "/var/tmp",
        "/scratch",
        "/",
        "$TMPDIR",
    ]
    leave = f"""
import builtins, numpy, sys
builtins.left_behind = True
numpy.left_behind = True
for place in {places}:
    try:
        folder = Path(os.path.expandvars(os.path.expanduser(place)))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "left-behind.py").write_text("import builtins; builtins.left_behind = True")
        print("written:", place)
    except OSError:
        pass
"""
    look = f"""
import builtins, numpy
print(hasattr(builtins, "left_behind"), hasattr(numpy, "left_behind"))
for place in {places}:
    folder = Path(os.path.expandvars(os.path.expanduser(place)))
    print((folder / "left-behind.py").exists())
"""
    with (
        isolated(settings(*sandbox), world.folder) as first,
        isolated(settings(*sandbox), world.folder) as beside,
    ):
        assert "written: ~" in attack(world, first, leave).text
        assert "True" not in attack(world, beside, look).text
    with isolated(settings(*sandbox), world.folder) as second:
        assert "True" not in attack(world, second, look).text
    assert not Path("/tmp/left-behind.py").exists()
    assert not Path("/dev/shm/left-behind.py").exists()


def test_two_notebooks_draw_different_random_numbers(world, sandbox):
    drawn = []
    for _ in range(2):
        with isolated(settings(*sandbox), world.folder) as kernel:
            drawn.append(kernel.run("import random, numpy; print(numpy.random.rand(), random.random())").text)
    assert drawn[0] != drawn[1]


def test_a_notebook_cannot_reach_the_sockets_of_another_kernel(world, sandbox):
    with (
        isolated(settings(*sandbox), world.folder) as neighbour,
        isolated(settings(*sandbox), world.folder) as kernel,
    ):
        path = f"{neighbour.manager.ip}-1"
        assert Path(path).exists()
        code = f"attempt(os.stat, {path!r}) if {sandbox[0] == 'bubblewrap'} else None\n"
        code += f"attempt(lambda: socket.socket(socket.AF_UNIX).connect({path!r}))"
        assert "done:" not in attack(world, kernel, code).text


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("start", STARTS)
def test_processes_that_a_course_allows_end_with_their_kernel(world, start):
    daemon = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sleep", ["sleep", "4242.125"])
    os._exit(0)
os.wait()
print("started")
"""
    with isolated(settings("bubblewrap", start, processes=8), world.folder) as kernel:
        assert attack(world, kernel, daemon).text == "started\n"
        deadline = time.monotonic() + 60
        while not running("4242.125"):
            assert time.monotonic() < deadline
    assert not running("4242.125")


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("start", STARTS)
def test_a_fork_bomb_where_processes_are_allowed_stops_at_the_limit(world, start):
    bomb = """
import time
count = 0
while True:
    try:
        if os.fork() == 0:
            time.sleep(3600)
    except OSError as error:
        print("after", count, type(error).__name__)
        break
    count += 1
"""
    with isolated(settings("bubblewrap", start, processes=8, threads=32), world.folder) as kernel:
        got = attack(world, kernel, bomb)
        assert "BlockingIOError" in got.text
        assert int(got.text.split()[1]) < 40


def running(word: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if word in process.cmdline():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_a_fork_bomb_does_not_go_off(world, sandbox):
    bomb = """
while True:
    try:
        os.fork()
    except PermissionError:
        print("refused")
        break
"""
    with isolated(settings(*sandbox), world.folder) as kernel:
        assert attack(world, kernel, bomb).text == "refused\n"


def test_a_thread_bomb_stops_at_the_limit(world, sandbox):
    bomb = """
import threading, time
count = 0
try:
    while count < 5000:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        count += 1
except RuntimeError:
    print("refused after", count)
"""
    with isolated(settings(*sandbox), world.folder, seconds=10) as kernel:
        got = attack(world, kernel, bomb)
        assert got.status == "dead" or "refused" in got.text, got


def test_threads_with_small_stacks_stop_at_the_limit(world, sandbox):
    bomb = """
import threading, time
threading.stack_size(32768)
count = 0
try:
    while count < 2000:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        count += 1
except RuntimeError:
    print("refused after", count)
time.sleep(6)
"""
    with isolated(settings(*sandbox), world.folder, seconds=10) as kernel:
        got = attack(world, kernel, bomb)
        assert got.status == "dead" or 0 < int(got.text.split()[-1]) < 200, got


def test_a_memory_bomb_fails_in_the_cell_that_sets_it_off(world, sandbox):
    with isolated(settings(*sandbox, memory=1 << 30), world.folder) as kernel:
        got = attack(world, kernel, "hoard = []\nwhile True: hoard.append(bytearray(10**8))")
        assert got.error.startswith("MemoryError")
        assert kernel.run("del hoard; print('goes on')").text == "goes on\n"


def test_memory_cannot_be_had_by_way_of_files_without_a_name(world, sandbox):
    hoard = """
attempt(os.memfd_create, "hoard")
print(call(319, b"hoard", 0), call(29, 0, 1 << 30, 0o1600))  # memfd_create, shmget
"""
    with isolated(settings(*sandbox), world.folder) as kernel:
        assert "done:" not in attack(world, kernel, hoard).text


def test_files_cannot_fill_the_disk(world, sandbox):
    bomb = """
try:
    for number in range(10**6):
        with open(f"file-{number}", "wb") as file:
            file.write(bytes(10**6))
except OSError:
    print("refused after", number)
"""
    with isolated(settings(*sandbox, disk=20 << 20), world.folder, seconds=10) as kernel:
        folder = kernel.manager.provisioner.workspace.folder
        got = attack(world, kernel, bomb)
        assert got.status == "dead" or int(got.text.split()[-1]) < 25
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 2 << 30
    assert not folder.exists()


KEEPING = {
    "open": "kept.append(file)",
    "mapped and open": "kept.append(mmap.mmap(file.fileno(), 4096)); file.close()",
    "mapped alone": """
libc.mmap.restype = ctypes.c_void_p
kept.append(libc.mmap(None, ctypes.c_size_t(4096), 1, 1, file.fileno(), ctypes.c_size_t(0)))
file.close()
""",
    "on its way through a socket": """
try:
    socket.send_fds(one, [b"x"], [file.fileno()])
except PermissionError:
    kept.append(file)
else:
    file.close()
""",
    "in a table of its own": """
call(436, 1000, 1000, 2)  # close_range: the table of files is this thread's alone from now on
call(272, 0x400)  # unshare
kept.append(file)
""",
    "behind a closed entry in /proc": """
call(157, 4, 0)  # prctl: PR_SET_DUMPABLE
kept.append(file)
""",
}


@pytest.mark.parametrize("keep", KEEPING.values(), ids=KEEPING)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the raw system calls have x86-64's numbers")
def test_files_without_a_name_cannot_fill_the_disk(world, sandbox, keep):
    bomb = f"""
import mmap, threading, time
kept, one, number = [], *socket.socketpair()[:1], 0
def fill():
    global number
    for number in range(40):
        file = open("file", "w+b")
        os.unlink("file")
        file.write(bytes(10**6))
        file.flush()
{textwrap.indent(keep.strip(), " " * 8)}
    time.sleep(6)
try:
    thread = threading.Thread(target=fill) if {keep!r}.startswith("call(") else None
    if thread:
        thread.start()
        thread.join()
    else:
        fill()
except OSError:
    pass
print("refused after", number)
"""
    with isolated(settings(*sandbox, disk=20 << 20), world.folder, seconds=10) as kernel:
        got = attack(world, kernel, bomb)
        assert got.status == "dead" or int(got.text.split()[-1]) < 25, got


def test_a_few_files_without_a_name_are_nothing_to_end_a_kernel_for(world, sandbox):
    code = """
import mmap, tempfile, time
import numpy as np
kept = [tempfile.TemporaryFile() for _ in range(20)]
for file in kept:
    file.write(bytes(10**5))
    file.flush()
array = np.memmap(tempfile.TemporaryFile(), shape=10**6, mode="w+", dtype=np.uint8)
array[:] = 1
time.sleep(2)
print(array.sum())
"""
    with isolated(settings(*sandbox, disk=20 << 20), world.folder) as kernel:
        assert attack(world, kernel, code).text == "1000000\n"


@pytest.mark.parametrize(
    "hide",
    [
        "for _ in range(3000): os.mkdir('d'); os.chdir('d')",
        "os.mkdir('closed', 0o300); os.chdir('closed')",
        "os.umask(0o777); os.mkdir('closed'); os.symlink('/', 'root')",
    ],
    ids=["deep down", "in a folder nobody can list", "in a folder closed to all"],
)
def test_folders_that_hide_what_is_in_them_are_removed(world, sandbox, hide):
    with isolated(settings(*sandbox), world.folder, seconds=5) as kernel:
        folder = kernel.manager.provisioner.workspace.folder
        attack(world, kernel, f"{hide}\nopen('hidden', 'wb').write(bytes(10**6))")
    assert not folder.exists()


def test_a_supervisor_is_not_fooled_by_files_that_come_and_go(world, sandbox):
    code = """
import time
until = time.monotonic() + 3
while time.monotonic() < until:
    for number in range(100):
        open(f"f{number}", "w").close()
    for number in range(100):
        os.unlink(f"f{number}")
print("ready")
"""
    with isolated(settings(*sandbox), world.folder) as kernel:
        assert attack(world, kernel, code).text == "ready\n"
        process = os.dup(kernel.manager.provisioner.started.kernel.process)
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(process, 0)
    os.close(process)


def test_one_file_cannot_grow_beyond_the_limit(world, sandbox):
    with isolated(settings(*sandbox, file_size=10**6), world.folder) as kernel:
        got = attack(world, kernel, "open('large', 'wb').write(bytes(10**7))")
        assert got.error.startswith("OSError") or got.status == "ok"
        assert int(kernel.run("print(os.path.getsize('large'))").text) <= 10**6


def test_open_files_run_out_for_the_notebook_alone(world, sandbox):
    with isolated(settings(*sandbox), world.folder) as kernel:
        got = attack(world, kernel, "kept = [open('data.csv') for _ in range(10000)]")
        assert "Too many open files" in got.error


def test_processor_time_runs_out(world, sandbox):
    with isolated(settings(*sandbox, cpu_seconds=3), world.folder, seconds=15) as kernel:
        assert kernel.run("while True: pass").status == "dead"


def test_an_endless_loop_can_be_interrupted(world, sandbox):
    with isolated(settings(*sandbox), world.folder, seconds=2) as kernel:
        assert kernel.run("print('on and on', flush=True)\nwhile True: pass").status == "timeout"
        kernel.interrupt()
        kernel.seconds = 10
        assert kernel.run("print('goes on')").text == "goes on\n"


def test_a_loop_that_swallows_interrupts_is_ended_with_its_kernel(world, sandbox):
    stubborn = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("my process", flush=True)
while True:
    try:
        while True: pass
    except BaseException:
        pass
"""
    with isolated(settings(*sandbox), world.folder, seconds=2) as kernel:
        assert attack(world, kernel, stubborn).status == "timeout"
        kernel.interrupt()
        process = kernel.manager.provisioner.started.kernel.process
        supervisor = os.dup(process)
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(supervisor, 0)
    os.close(supervisor)


@pytest.mark.parametrize(
    "way", ["os._exit(0)", "os.kill(os.getpid(), 9)", "ctypes.string_at(0)", "os.abort()"]
)
def test_a_kernel_that_ends_itself_is_seen_to_be_dead(world, sandbox, way):
    with isolated(settings(*sandbox), world.folder, seconds=5) as kernel:
        attack(world, kernel, way)
        deadline = time.monotonic() + 60
        while kernel.manager.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.long
def test_a_fork_server_that_is_lost_is_replaced(world):
    from nbgrader_sealed.sandbox.runtime import SandboxRuntime

    for kind in SANDBOXES:
        with isolated(settings(kind, "warm"), world.folder) as kernel:
            assert kernel.run("print(1)").text == "1\n"
        for server in SandboxRuntime.of_this_process()._servers.values():
            server._process.kill()
            server._process.wait()
        with isolated(settings(kind, "warm"), world.folder) as kernel:
            assert kernel.run("print(2)").text == "2\n"
