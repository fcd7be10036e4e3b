"""What a grading process keeps for all its kernels: folders, fork servers, and which backends work."""

import contextlib
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping
from multiprocessing.util import Finalize
from pathlib import Path
from typing import ClassVar

from nbgrader_sealed.sandbox.fork_server import ForkServer, Kernel
from nbgrader_sealed.sandbox.workspace import Workspace, short_folder


class StartedKernel:
    """A kernel, and the fork server that ends with it if it was started for it alone."""

    def __init__(self, kernel: Kernel, server: ForkServer | None) -> None:
        self.kernel: Kernel = kernel
        self._server = server

    def close(self) -> None:
        """End the kernel and all that it started."""
        self.kernel.close()
        if self._server is not None:
            self._server.close()
            self._server = None


class SandboxRuntime:
    """What a grading process keeps for all its kernels: folders, fork servers, and which backends work."""

    _runtimes: ClassVar[dict[int, "SandboxRuntime"]] = {}
    _lock = threading.RLock()

    def __init__(self) -> None:
        self.folder: Path = short_folder()
        self.workspaces: Path = self.folder / "workspaces"
        self.sockets: Path = self.folder / "sockets"
        self.packages: Path = self.folder / "packages"
        self.home: Path = self.folder / "home"
        for part in (self.workspaces, self.sockets, self.packages, self.home):
            part.mkdir()
        self.tried: dict[str, str] = {}
        self._servers: dict[str, ForkServer] = {}

    @classmethod
    def of_this_process(cls) -> "SandboxRuntime":
        """Return this process's runtime, which is cleared when the process ends."""
        with cls._lock:
            mine = cls._runtimes.get(os.getpid())
            if mine is None:
                mine = cls._runtimes[os.getpid()] = cls()
                Finalize(None, mine.clear, args=(os.getpid(),), exitpriority=1)  # in worker processes, too
            return mine

    @classmethod
    def inherit(cls) -> None:
        """Use, in a process that was forked, the runtime of the one it was forked from."""
        with cls._lock:
            if os.getppid() in cls._runtimes:
                cls._runtimes[os.getpid()] = cls._runtimes[os.getppid()]

    def workspace(self) -> Workspace:
        """Make a new workspace."""
        return Workspace(self.workspaces, self.sockets, uuid.uuid4().hex[:12])

    def link(self, packages: Mapping[str, Path]) -> None:
        """Make packages importable from the folder of links."""
        for name, path in packages.items():
            with contextlib.suppress(FileExistsError):
                (self.packages / name).symlink_to(path)

    def fork_server(self, key: str, make: Callable[[], ForkServer]) -> ForkServer:
        """Return the fork server for `key`, made by `make` if there is none."""
        with self._lock:
            if key not in self._servers:
                self._servers[key] = make()
            return self._servers[key]

    def forget(self, key: str) -> None:
        """Close the fork server for `key`."""
        with self._lock:
            server = self._servers.pop(key, None)
        if server is not None:
            server.close()

    def clear(self, process: int) -> None:
        """Close what is open and remove the folders, if they are those of this `process`."""
        if process != os.getpid():
            return
        for key in list(self._servers):
            self.forget(key)
        shutil.rmtree(self.folder, ignore_errors=True)
