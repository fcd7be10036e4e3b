"""The folder and the sockets of one kernel, and what a submission brings into them."""

import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from nbgrader_sealed.sandbox.sandboxed.launch import CHANNELS, HOME, TEMPORARY, WORK

LONGEST_SOCKET_PATH = 100  # a Unix socket's path has 107 characters at most


def short_folder() -> Path:
    """Make a new folder for the grader alone, with a path short enough for Unix sockets."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="grading-", dir=usual if len(usual) < 60 else "/tmp"))


class Workspace:
    """A kernel's own folder, with a copy of what lies beside its notebook, and its listening sockets.

    Parameters
    ----------
    workspaces
        The folder of all workspaces.
    sockets
        The folder for sockets, which no kernel can see: it is handed the open sockets.
    name
        A name that no other workspace has.
    """

    def __init__(self, workspaces: Path, sockets: Path, name: str) -> None:
        self.folder: Path = workspaces / name
        self.address: str = str(sockets / name)
        if len(self.address) > LONGEST_SOCKET_PATH:
            raise ValueError(f"sockets: the path {self.address!r} is too long for a Unix socket")
        for part in (WORK, HOME, TEMPORARY):
            (self.folder / part).mkdir(parents=True, mode=0o755)
        self.listeners: list[socket.socket] = [self._listen(number) for number in range(1, 1 + len(CHANNELS))]

    def _listen(self, number: int) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(f"{self.address}-{number}")
        listener.listen(16)
        return listener

    @property
    def ports(self) -> dict[str, int]:
        """The channels' ports, which with Unix sockets are the ends of their paths."""
        return {f"{channel}_port": number for number, channel in enumerate(CHANNELS, start=1)}

    def populate(self, source: Path, most: int) -> list[str]:
        """Copy the files of `source` into the workspace, and return what was left out.

        Only regular files are copied: a link could lead anywhere. Of notebooks only the metadata is copied,
        since an autograded one holds its hidden tests.

        Parameters
        ----------
        source
            The folder of the notebook.
        most
            How many bytes to copy; files beyond that are left out.
        """
        left_out: list[str] = []
        work = self.folder / WORK
        for folder, folders, names in os.walk(source, followlinks=False):
            here = Path(folder)
            target = work / here.relative_to(source)
            target.mkdir(mode=0o755, exist_ok=True)
            for name in folders:
                if (here / name).is_symlink():
                    left_out.append(str((here / name).relative_to(source)))
            for name in names:
                most -= (here / name).lstat().st_size
                if most < 0 or not _copy(here / name, target / name):
                    left_out.append(str((here / name).relative_to(source)))
        return left_out

    def close_listeners(self) -> None:
        """Close this process's own copies of the listening sockets."""
        for listener in self.listeners:
            listener.close()

    def clear(self) -> None:
        """Remove the workspace and its sockets."""
        self.close_listeners()
        if self.folder.exists():
            _remove(self.folder)
        for number in self.ports.values():
            Path(f"{self.address}-{number}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> bool:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with open(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        if source.suffix == ".ipynb":
            target.write_text(_without_cells(opened.read()))
        else:
            with target.open("wb") as written:
                shutil.copyfileobj(opened, written)
    target.chmod(0o644)
    return True


def _without_cells(notebook: bytes) -> str:
    try:
        read = json.loads(notebook)
        metadata = read["metadata"] if isinstance(read["metadata"], dict) else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        metadata = {}
    return json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _remove(folder: Path) -> None:
    """Remove a folder, also where a student closed some in it to all, or nested them too deep."""
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        for program in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*program, str(folder)], check=False, capture_output=True)
