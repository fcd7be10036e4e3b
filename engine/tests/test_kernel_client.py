"""Cells are run by the agent in the kernel, and show what they show in the kernel's own way."""

import socket

import pytest
from jupyter_client.manager import KernelManager
from nbgrader_sealed.execution.kernel_client import StudentKernel

ITS_OWN_WAY = "# async: this word makes the kernel itself run the cell\n"
CELLS = {
    "printed": "print(1)\nprint(2)",
    "both streams": "import sys\nprint('out')\nprint('err', file=sys.stderr)",
    "a value": "[1, 2, 3]",
    "nothing": "None",
    "a display, and a change of it": (
        "from IPython.display import display, HTML\n"
        "shown = display(HTML('<b>a</b>'), display_id='x')\nshown.update(HTML('b'))"
    ),
    "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone",
    "an exception": "1 / 0",
    "an exception of a function": "def f():\n    return [][1]\n\nf()",
    "an exception of a repr": "class A:\n    def __repr__(self):\n        return 1 / 0\n\nA()",
    "a syntax error": "def f(:",
    "an exit": "raise SystemExit",
    "a question to the student": "input('Your name: ')",
    "a magic": "%precision 3\n3.14159",
    "a cell magic": "%%capture said\nprint('hidden')",
    "a shell command": "!echo from the shell",
    "an interrupt of its own": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('not reached')",
}


def shown_by(asked, source):
    """Return how a cell ended, what it printed on each stream, and what else it showed.

    What is printed comes in pieces, and the streams in any order, in the kernel's own way too.
    """
    shown = []
    ended = asked.kernel.execute(source, 30, lambda kind, content: shown.append((kind, content)))
    printed = {"stdout": "", "stderr": ""}
    for kind, content in shown:
        if kind == "stream":
            printed[content["name"]] += content["text"]
    kept = ("data", "ename", "evalue")
    others = [
        (kind, {key: content[key] for key in kept if key in content})
        for kind, content in shown
        if kind not in ("stream", "execute_input")
    ]
    return ended, printed, others


@pytest.fixture(scope="module")
def plain(asked, tmp_path_factory):
    """A second kernel, which runs every cell in the kernel's own way."""
    other = type(asked)(tmp_path_factory.mktemp("plain"))
    shown_by(other, ITS_OWN_WAY)
    yield other
    other.kernel.stop()


@pytest.mark.parametrize("source", CELLS.values(), ids=CELLS)
def test_a_cell_shows_what_it_shows_in_the_kernels_own_way(source, asked, plain):
    assert shown_by(asked, source) == shown_by(plain, source)
    assert asked.kernel.serving and not plain.kernel.serving  # each went the way that was meant


@pytest.mark.parametrize("source", CELLS.values(), ids=CELLS)
def test_the_kernel_goes_on_after_any_cell(source, asked):
    shown_by(asked, source)
    assert shown_by(asked, "print('here')") == ("ok", {"stdout": "here\n", "stderr": ""}, [])


def test_cells_are_counted_and_remembered(asked):
    asked.run("count = len(In)")
    asked.run("6 * 7")
    assert asked.names("count")["count"] > 1
    asked.run("last, counted = _, len(In) - count")
    assert asked.names("last", "counted") == {"last": 42, "counted": 2}


def test_a_notebook_with_asynchronous_code_has_its_event_loop(asked, tmp_path_factory):
    other = type(asked)(tmp_path_factory.mktemp("loop"))
    other.run("import asyncio\nfound = []")
    other.run("async def later():\n    await asyncio.sleep(0.01)\n    found.append(1)")
    other.run("task = asyncio.ensure_future(later())")
    other.run("pass")
    other.run("await task")
    assert other.names("found") == {"found": [1]}
    other.kernel.stop()


def test_a_cell_that_takes_too_long_is_stopped_and_the_next_one_runs(asked):
    shown = []
    ended = asked.kernel.execute("while True:\n    pass", 1, lambda *message: shown.append(message))
    assert (ended, asked.kernel.stuck) == ("timeout", False)
    assert shown_by(asked, "print('here')")[0] == "ok"


def test_a_kernel_whose_port_another_has_taken_is_started_again(processes, tmp_path):
    managers = []

    def new_manager():
        managers.append(KernelManager(kernel_name="python3"))
        if len(managers) == 1:
            managers[0].cache_ports, managers[0].shell_port = False, taken.getsockname()[1]
        return managers[-1]

    kernel = StudentKernel(new_manager, str(tmp_path), [], 60)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        kernel.start()
    assert kernel.execute("1", 30, lambda *message: None) == "ok"
    kernel.stop()
    assert len(managers) == 2


LOSING = """
session = get_ipython().kernel.session
send = session.send
session.send = lambda stream, kind, *rest, **more: kind != "sealed_ran" and send(stream, kind, *rest, **more)
"""


def test_how_a_cell_ended_is_requested_again_if_the_report_is_lost(asked):
    assert asked.kernel.execute(LOSING, 30, lambda *message: None) == "ok"
    assert shown_by(asked, "print('here')") == ("ok", {"stdout": "here\n", "stderr": ""}, [])
    assert shown_by(asked, "1 / 0")[0] == "error"
    asked.run("session.send = send")
    assert shown_by(asked, "print('here')") == ("ok", {"stdout": "here\n", "stderr": ""}, [])
