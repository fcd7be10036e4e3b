"""A kernel from the fork server behaves as a cold one does, and as a plain Jupyter kernel does."""

import os
import re
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager
from nbgrader_sealed.configuration import KERNEL
from nbgrader_sealed.execution.kernel_client import StudentKernel

from engine.tests.attacks.isolated import SANDBOXES, isolated, settings

pytestmark = [pytest.mark.needs("linux"), pytest.mark.usefixtures("processes")]
CELLS = {
    "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "a figure after the magic": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.imshow([[1, 2]]);",
    "a widget": "import ipywidgets\nipywidgets.IntSlider(3)",
    "an interaction": "import ipywidgets\nipywidgets.interact(lambda n: n, n=3);",
    "the targets of comms": (  # the agent's aside, which only our kernels have
        "import comm, ipywidgets\nprint(sorted(comm.get_comm_manager().targets.keys() - {'sealed-grading'}))"
    ),
    "a table in HTML": "from IPython.display import HTML\nHTML('<b>1</b>')",
    "text and errors": "import sys\nprint('one')\nprint('two', file=sys.stderr)",
    # ipykernel passes it on from a thread of its own, with the cell only while the cell still runs.
    "text past Python": "import os, time\nos.write(1, b'from below\\n')\ntime.sleep(1)",
    "an exception": "def f():\n    raise ValueError('no')\nf()",
    "no input": "input('name? ')",
    "the module": "print(__name__, type(get_ipython()).__name__, get_ipython().execution_count > 0)",
    "a module beside the notebook": "import own\nprint(own.NAME, own.__name__)",
    "a file beside the notebook": "print(open('data.txt').read())",
    "asynchronous code": "import asyncio\nawait asyncio.sleep(0)\nprint('slept')",
    "a new loop": "import asyncio\nloop = asyncio.new_event_loop()\nloop.close()\nprint('closed')",
    "threads": "from threading import Thread\nt = Thread(target=print, args=('aside',))\nt.start()\nt.join()",
    "magics": "%who_ls\n%precision 3\n3.14159",
    "warnings": "import warnings\nwarnings.warn('careful')",
    "arrays": "import numpy as np\nnp.arange(12.0).reshape(3, 4) @ np.ones((4, 2))",
    "a temporary file": "import tempfile\nwith tempfile.TemporaryFile() as f: print(f.write(b'123'))",
    "the home folder": "from pathlib import Path\nprint(list(Path.home().iterdir()) is not None)",
    "an unused name": "print(undefined)",
    "where the shell is": (
        "import os\nfrom pathlib import Path\nip = get_ipython()\n"
        "print(_dh == [Path.cwd()], ip.starting_dir == os.getcwd(), ip.home_dir == os.path.expanduser('~'))\n"
        "print(os.path.isdir(ip.profile_dir.location), ip.profile_dir.location.startswith(ip.ipython_dir))\n"
        "print(os.environ['PAGER'], os.environ['TERM'])"
    ),
    "whose the shell is": (
        "ip = get_ipython()\nprint(ip.kernel.shell is ip, ip.parent is ip.kernel, 'IPKernelApp' in ip.config)"
    ),
    "a stored variable": "kept = 1\n%store kept",
    "history": "print(len(In) > 0, _ih[-1][:5])",
}


def shown(manager: KernelManager, code: str) -> list[tuple]:
    """The kinds of output of a cell, and those of their texts that are the same everywhere."""
    client = manager.client()
    client.start_channels(hb=False)
    messages = []
    try:
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(
            code, timeout=60, output_hook=messages.append, allow_stdin=False, stop_on_error=False
        )
    finally:
        client.stop_channels()
    outputs = [("reply", reply["content"]["status"], len(reply["content"].get("payload", [])))]
    for message in messages:
        content = message["content"]
        if message["msg_type"] == "stream":
            outputs.append(("stream", content["name"], re.sub(r"\S+/ipykernel_\S+", "", content["text"])))
        elif message["msg_type"] == "error":
            outputs.append(("error", content["ename"], content["evalue"], len(content["traceback"])))
        elif message["msg_type"] in ("display_data", "execute_result"):
            outputs.append((message["msg_type"], *sorted(content["data"])))
        elif message["msg_type"] == "comm_open":
            outputs.append(("comm_open", content["target_name"]))
    return outputs


def cores_of(manager: KernelManager) -> list[set[int]]:
    """The cores that each of a kernel's threads may use, as the system has them."""
    threads = Path(f"/proc/{manager.provisioner.pid}/task").iterdir()
    return [os.sched_getaffinity(int(thread.name)) for thread in threads]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("notebook")
    (made / "own.py").write_text("NAME = 'my own module'\n")
    (made / "data.txt").write_text("1 2 3")
    return made


@pytest.fixture(scope="module")
def plain(folder):
    manager = KernelManager(kernel_name="python3")
    # ipykernel shows less where it finds the one variable that is left out here.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    manager.start_kernel(cwd=str(folder), env=env)
    yield manager
    manager.shutdown_kernel(now=True)


EVERYTHING = ["numpy", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "ipywidgets"]
WALLS = [
    pytest.param((kind, start), id=f"{kind}-{start}", marks=pytest.mark.needs(kind))
    for kind in SANDBOXES
    for start in ("cold", "warm", "warm with everything")
]


@pytest.fixture(scope="module", params=WALLS)
def sandboxed(request, folder):
    kind, start = request.param
    config = settings(kind, start.split()[0])
    if "everything" in start:
        config.Sandbox.preload = EVERYTHING
    with isolated(config, folder) as kernel:
        yield kernel.manager


@pytest.mark.parametrize("code", CELLS.values(), ids=CELLS)
def test_a_sandboxed_kernel_shows_what_a_plain_one_shows(plain, sandboxed, code):
    assert shown(sandboxed, code) == shown(plain, code)


def test_nothing_is_lost_that_a_cell_writes_past_python_as_it_ends(sandboxed):
    for number in range(20):  # a plain kernel loses one of five
        said = f"{number}: é from below\n"
        code = f"import os\nos.write(1, {said.encode()!r});"
        assert ("stream", "stdout", said) in shown(sandboxed, code)


def test_a_kernel_stays_on_a_core_with_its_threads_and_so_does_the_next(sandboxed, folder):
    kind = sandboxed.config.Sandbox.kind
    core = max(os.sched_getaffinity(0))
    config = settings(kind, "warm")
    kernel = StudentKernel(lambda: KernelManager(kernel_name=KERNEL, config=config), str(folder), [], 60)
    kernel.start()
    kernel.stay_on(core)
    first = cores_of(kernel.manager)
    kernel.stop()
    kernel.start()
    second = cores_of(kernel.manager)
    kernel.stop()
    assert len(first) > 3 and len(second) > 3
    assert all(each == {core} for each in first + second)
