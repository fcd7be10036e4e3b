"""The grading process's side of the fork server, which starts kernels."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader_sealed.sandbox.sandboxed.launch import MAX_MESSAGE, LaunchRequest

# Unused by people and services: https://systemd.io/UIDS-GIDS has 60578 to 61183 as free.
FIRST_USER, USERS = 60578, 600
NOBODY_ELSE = -1

START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from nbgrader_sealed.sandbox.sandboxed.server import main; main(int(sys.argv[2]), sys.argv[3:])"
)
SECONDS_TO_START = 60.0
LOST: dict[str, Any] = {"ended": -int(signal.SIGKILL), "why": None}


class SandboxError(RuntimeError):
    """A sandbox could not be put up."""


class ForkServerGone(SandboxError):
    """The fork server has ended, so that it forks no more kernels."""


def unprivileged_user() -> int:
    """Return the user that a fork server becomes if the grader is root, else `NOBODY_ELSE`."""
    return FIRST_USER + os.getpid() % USERS if os.geteuid() == 0 else NOBODY_ELSE


@dataclass
class Kernel:
    """A kernel in its sandbox, or on its way there.

    Attributes
    ----------
    reports
        The socket on which the kernel's end is reported; closing it ends the kernel.
    process
        A file descriptor that refers to the kernel's process (a pidfd).
    """

    reports: socket.socket
    process: int
    end: dict[str, Any] | None = None

    @property
    def number(self) -> int:
        """The kernel's process as it is numbered here; -1 if it has ended."""
        lines = Path(f"/proc/self/fdinfo/{self.process}").read_text().splitlines()
        return next(int(line.partition(":")[2]) for line in lines if line.startswith("Pid:"))

    def look(self, seconds: float = 0.0) -> dict[str, Any] | None:
        """Return how the kernel ended, waiting up to `seconds` for it; None if it still runs.

        `ended` is the exit code, negative if a signal ended it, and `why` names the limit ("disk",
        "files", "threads") that the kernel was ended for, or is None.
        """
        if self.end is None:
            report = _report(self.reports, seconds)
            self.end = LOST if report == {} else report
        return self.end

    def signal(self, number: int) -> None:
        """Send a signal to the kernel's own process."""
        if self.end is None:
            try:
                signal.pidfd_send_signal(self.process, number)
            except ProcessLookupError:
                return

    def close(self) -> None:
        """End the kernel and all that it started."""
        if self.process >= 0:
            self.signal(signal.SIGKILL)
            self.look(5.0)
            self.reports.close()
            os.close(self.process)
            self.process = -1


def _report(reports: socket.socket, seconds: float) -> dict[str, Any] | None:
    """Return the next report; {} if there will be none, None if there is none yet."""
    reports.settimeout(seconds)
    try:
        message = reports.recv(MAX_MESSAGE)
    except (TimeoutError, BlockingIOError):
        return None
    except OSError:
        return {}
    return json.loads(message) if message else {}


class ForkServer:
    """A process in a sandbox that forks kernels, each into a sandbox of its own.

    Parameters
    ----------
    command
        What comes before Python on the command line: bubblewrap, or nothing.
    packages
        The folder, as the fork server sees it, that holds the engine and other packages to import.
    environment
        All that its environment holds.
    modules
        What to load before the first fork.
    user
        The user to become, or `NOBODY_ELSE`.

    Raises
    ------
    SandboxError
        If it does not start.
    """

    def __init__(
        self,
        command: Sequence[str],
        packages: Path,
        environment: Mapping[str, str],
        modules: Sequence[str],
        user: int,
    ) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        python = [sys.executable, "-s", "-P", "-c", START, str(packages), str(user), *modules]
        with theirs, tempfile.TemporaryFile() as errors:
            self._errors = os.dup(errors.fileno())
            self._process = subprocess.Popen(
                [*command, *python],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )

    def complaint(self) -> str:
        """Return the last line that the fork server wrote about an error."""
        size = os.fstat(self._errors).st_size
        text = os.pread(self._errors, 4096, max(0, size - 4096)).decode(errors="replace")
        return text.strip().rpartition("\n")[2]

    def fork(self, request: LaunchRequest, listeners: Sequence[socket.socket]) -> Kernel:
        """Fork a kernel.

        Raises
        ------
        ForkServerGone
            If the fork server has ended.
        SandboxError
            If the kernel's sandbox could not be put up.
        """
        report, ours, descriptors = self._ask(request, listeners)
        if "started" not in report:
            ours.close()
            raise SandboxError(str(report.get("failed", report)).strip())
        return Kernel(ours, descriptors[0])

    def probe(self, request: LaunchRequest) -> None:
        """Put the sandbox of a request up around nothing.

        Raises
        ------
        SandboxError
            If that fails.
        """
        report, reports, descriptors = self._ask(request, [])
        with reports:
            while report and not report.keys() & {"probed", "failed", "ended"}:
                report = _report(reports, SECONDS_TO_START)
        for descriptor in descriptors:
            os.close(descriptor)
        if not report or "probed" not in report:
            raise SandboxError(str((report or {}).get("failed", report)).strip())

    def _ask(
        self, request: LaunchRequest, listeners: Sequence[socket.socket]
    ) -> tuple[dict[str, Any], socket.socket, list[int]]:
        """Send a request; return the first report, where more come from, and the descriptor that came."""
        message = request.encode()
        if len(message) > MAX_MESSAGE:
            raise SandboxError(f"the request has {len(message)} bytes, more than {MAX_MESSAGE}")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(
                    self._requests, [message], [theirs.fileno(), *(each.fileno() for each in listeners)]
                )
            except OSError as error:
                ours.close()
                raise ForkServerGone(self.complaint() or str(error)) from error
        ours.settimeout(SECONDS_TO_START)
        try:
            answer, descriptors, _, _ = socket.recv_fds(ours, MAX_MESSAGE, 1)
        except OSError as error:
            ours.close()
            raise ForkServerGone(f"the fork server is silent: {error}") from error
        if not answer:
            ours.close()
            raise ForkServerGone(f"the fork server ended: {self.complaint()}")
        return json.loads(answer), ours, descriptors

    def close(self) -> None:
        """End the fork server and every kernel that it has forked."""
        self._requests.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
