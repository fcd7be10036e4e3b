"""A real kernel to ask, shared by the tests of one file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from nbgrader_sealed.execution.kernel_client import StudentKernel
from nbgrader_sealed.execution.remote_objects import KernelRpc


class Asked:
    """A kernel with an RPC connection to it, and the source that it was given."""

    def __init__(self, cwd: Path) -> None:
        arguments = ["--HistoryManager.hist_file=:memory:"]
        self.kernel = StudentKernel(lambda: KernelManager(kernel_name="python3"), str(cwd), arguments, 60)
        self.kernel.start()
        self.rpc = KernelRpc(self.kernel)

    def run(self, source: str) -> list[tuple[str, dict[str, Any]]]:
        """Run a cell, and return what it showed."""
        shown: list[tuple[str, dict[str, Any]]] = []
        assert self.kernel.execute(source, 30, lambda *message: shown.append(message)) == "ok", shown
        return shown

    def names(self, *names: str, seconds: float = 30) -> dict[str, Any]:
        """Return objects of the kernel as data or as remote objects, with some time to call them."""
        self.rpc.deadline = monotonic() + seconds
        return self.rpc.names(list(names))

    def define(self, source: str) -> Callable:
        """Define `f` in the kernel, and return its remote object."""
        self.run(source)
        return self.names("f")["f"]


@pytest.fixture(scope="module")
def asked(processes, tmp_path_factory) -> Iterator[Asked]:
    """A kernel that answers."""
    asked = Asked(tmp_path_factory.mktemp("kernel"))
    yield asked
    asked.kernel.stop()
