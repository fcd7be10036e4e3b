"""A kernel in a sandbox to try attacks in, and a world around it: secrets to steal and things to break."""

import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client.manager import KernelManager
from nbgrader_sealed.configuration import KERNEL
from traitlets.config import Config

CANARY = "canary-that-must-not-sing-83f1"
SANDBOXES = ["bubblewrap", "landlock"]
STARTS = ["cold", "warm"]


def settings(kind: str, start: str, **limits: int) -> Config:
    """The configuration of one sandbox."""
    config = Config()
    config.Sandbox.kind = kind
    config.Sandbox.warm = start == "warm"
    config.Sandbox.preload = ["numpy"]
    for name, value in limits.items():
        config.Limits[name] = value
    return config


@dataclass
class Run:
    """What came of one cell."""

    text: str = ""
    error: str = ""
    status: str = "dead"


class IsolatedKernel:
    """One kernel and its client."""

    def __init__(self, config: Config, folder: Path, seconds: float = 20) -> None:
        self.seconds = seconds
        self.manager = KernelManager(kernel_name=KERNEL, config=config)
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels(hb=False)
        try:
            self.client.wait_for_ready(timeout=60)
        except BaseException:
            self.end()
            raise

    def run(self, code: str) -> Run:
        """Run one cell to its end, the kernel's, or the time limit, whatever comes first."""
        done = Run()

        def show(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                done.text += content["text"]
            elif message["msg_type"] == "error":
                done.error = f"{content['ename']}: {content['evalue']}"

        with contextlib.suppress(TimeoutError, queue.Empty, RuntimeError):
            reply = self.client.execute_interactive(
                code, timeout=self.seconds, output_hook=show, stop_on_error=False
            )
            done.status = reply["content"]["status"]
        if done.status == "dead" and self.manager.is_alive():
            done.status = "timeout"
        return done

    def interrupt(self) -> None:
        """Interrupt what runs."""
        self.manager.interrupt_kernel()

    def end(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def isolated(config: Config, folder: Path, seconds: float = 20) -> Iterator[IsolatedKernel]:
    """A kernel for a while."""
    kernel = IsolatedKernel(config, folder, seconds)
    try:
        yield kernel
    finally:
        kernel.end()


@dataclass
class World:
    """A course with secrets, a neighbour, and listeners that note who calls."""

    root: Path
    callers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.short = Path("/tmp") / f"world-{os.getpid()}"
        self.short.mkdir()
        secrets = {
            "source/ps/ps.ipynb": f'{{"cells": ["{CANARY}"]}}',
            "hidden_reference/__init__.py": f"SECRET = '{CANARY}'\nprint(SECRET)\n",
            "gradebook.db": CANARY * 100,
            "submitted/other/ps/ps.ipynb": CANARY,
            "autograded/other/ps/ps.ipynb": CANARY,
            "autograded/me/ps/ps.ipynb": json.dumps({"cells": [CANARY], "metadata": {"lang": "es"}}),
            "home/.ssh/id_ed25519": CANARY,
            "lab_of_students/__init__.py": "VISIBLE = 'what students may import'\n",
            "autograded/me/ps/data.csv": "1,2,3\n",
            "autograded/me/ps/deep/more.csv": "4,5,6\n",
        }
        for name, text in secrets.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.folder / "link.csv").symlink_to(self.root / "gradebook.db")
        (self.folder / "linked").symlink_to(self.root)
        os.mkfifo(self.folder / "pipe")
        self.neighbour = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(3600)"], env={**os.environ, "SECRET": CANARY}
        )
        self.listeners = self._listen()

    @property
    def folder(self) -> Path:
        """The folder that the attacker's notebook runs in."""
        return self.root / "autograded/me/ps"

    def _listen(self) -> list[socket.socket]:
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0world-{os.getpid()}"),
            (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0world-{os.getpid()}-dgram"),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"{self.short}/stream"),
        ]
        listeners = []
        for family, kind, address in places:
            listener = socket.socket(family, kind)
            listener.bind(address)
            listeners.append(listener)
            threading.Thread(target=self._answer, args=(listener,), daemon=True).start()
        return listeners

    def _answer(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if listener.type == socket.SOCK_STREAM:
                listener.listen()
            while True:
                if listener.type == socket.SOCK_STREAM:
                    caller, _ = listener.accept()
                    self.callers.append(str(listener.getsockname()))
                    with caller:
                        caller.sendall(CANARY.encode())
                else:
                    _, caller = listener.recvfrom(1000)
                    self.callers.append(str(listener.getsockname()))
                    if caller:
                        listener.sendto(CANARY.encode(), caller)

    def facts(self) -> dict[str, object]:
        """What an attacker may know: where things are."""
        return {
            "ROOT": str(self.root),
            "SHORT": str(self.short),
            "PACKAGES": str(Path(next(p for p in sys.path if p.endswith("site-packages")))),
            "GRADER": os.getpid(),
            "NEIGHBOUR": self.neighbour.pid,
            "TCP": self.listeners[0].getsockname()[1],
            "UDP": self.listeners[1].getsockname()[1],
            "ABSTRACT": f"\0world-{os.getpid()}",
        }

    def state(self) -> dict[str, tuple[int, int, bytes]]:
        """All files of the course: their modes, owners, contents."""
        return {
            str(path.relative_to(self.root)): (path.stat().st_mode, path.stat().st_uid, path.read_bytes())
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def close(self) -> None:
        """End all that runs."""
        self.neighbour.kill()
        self.neighbour.wait()
        for listener in self.listeners:
            listener.close()
        shutil.rmtree(self.short)
