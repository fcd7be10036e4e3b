"""One student's kernel as the grading process sees it: it runs cells, answers requests, and may die."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import zmq
from jupyter_client.manager import KernelManager

from . import kernel_agent, wire

GRACE = 2.0  # seconds to stop in, after an interrupt
TICK = 0.2  # seconds between two looks at whether the kernel is alive
MAX_FRAME = 100 * 2**20  # bytes of one part of a message; a larger one is never received
QUEUE = 64  # messages that may wait to be read


class KernelFault(Exception):
    """The kernel will not answer any more: no further call makes sense.

    Attributes
    ----------
    fatal : bool
        Always True: checks that catch exceptions of the student's function stop at this one.
    """

    fatal = True


class KernelDied(KernelFault):
    """The kernel's process has ended."""


class KernelTimeout(KernelFault):
    """The kernel did not answer in time."""


class Until:
    """A moment, some seconds from now, that may still be moved."""

    def __init__(self, seconds: float) -> None:
        self.at = monotonic() + seconds


@dataclass(frozen=True)
class Answer:
    """What the kernel answered to a request: JSON, and the buffers beside it."""

    data: dict[str, Any]
    buffers: list[bytes]


def agent_source() -> str:
    """Return the text that makes a kernel answer requests: the wire format, and the agent that uses it."""
    agent = Path(kernel_agent.__file__).read_text(encoding="utf-8")
    lines = [line for line in agent.splitlines() if not line.startswith("from grading_engine.wire import")]
    return Path(wire.__file__).read_text(encoding="utf-8") + "\n".join(["", *lines, "install()", ""])


class StudentKernel:
    """A running kernel, with one client that reads no more than it must and believes no shape of message.

    Parameters
    ----------
    new_manager : callable
        Makes a `jupyter_client.manager.KernelManager` that has not been started.
    cwd : str
        Where the kernel runs.
    arguments : list of str
        Extra arguments of the kernel's command.
    startup : float
        Seconds that the kernel has to get ready.
    """

    def __init__(
        self, new_manager: Callable[[], KernelManager], cwd: str, arguments: list[str], startup: float
    ) -> None:
        self.new_manager = new_manager
        self.cwd = cwd
        self.arguments = arguments
        self.startup = startup
        self.manager: KernelManager | None = None

    def start(self) -> dict[str, Any]:
        """Start a fresh kernel, and return what it says about itself (`kernel_info`).

        Raises
        ------
        KernelFault
            Where it does not get ready.
        """
        self.stuck = False
        self.manager = self.new_manager()
        self.context = zmq.Context()
        self.manager.start_kernel(cwd=self.cwd, extra_arguments=self.arguments)
        for option, value in ((zmq.MAXMSGSIZE, MAX_FRAME), (zmq.RCVHWM, QUEUE), (zmq.LINGER, 0)):
            self.context.setsockopt(option, value)
        self.client = self.manager.client(context=self.context)
        self.shell = self.client.connect_shell()
        self.iopub = self.client.connect_iopub()
        self.poller = zmq.Poller()
        self.poller.register(self.iopub, zmq.POLLIN)
        self.poller.register(self.shell, zmq.POLLIN)
        info = self._wait_until_ready()
        if info.get("language_info", {}).get("name") == "python":
            self._install_agent()
        return info

    def stop(self) -> None:
        """End the kernel at once, without asking it."""
        if self.manager is None:
            return
        with suppress(RuntimeError):
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.context.destroy(linger=0)
        self.manager = None

    def is_alive(self) -> bool:
        """Say whether the kernel's process still runs."""
        return self.manager is not None and self.manager.is_alive()

    def execute(self, code: str, seconds: float, show: Callable[[str, dict[str, Any]], None]) -> str:
        """Run one cell.

        Parameters
        ----------
        code : str
            The cell's source.
        seconds : float
            How long it may take.
        show : callable
            Called with the type and the content of each message about outputs.

        Returns
        -------
        str
            How it ended: `ok`, `error`, `timeout` or `dead`.
        """
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        sent = self._send("execute_request", {**content, "allow_stdin": False, "stop_on_error": False})
        status, idle = None, False
        until = Until(seconds)
        try:
            for kind, content, _ in self._messages(sent, until):
                if kind == "execute_reply":
                    status = "error" if content.get("status") == "error" else "ok"
                    until.at = min(until.at, monotonic() + 1)  # for what was shown last
                elif kind == "status":
                    idle = content.get("execution_state") == "idle" or idle
                else:
                    show(kind, content)
                if status and idle:
                    return status
        except KernelDied:
            return "dead"
        except KernelTimeout:
            pass
        return status or self._interrupt(sent)

    def request(self, data: dict[str, Any], buffers: list[bytes], seconds: float) -> Answer:
        """Ask the agent in the kernel for something.

        Parameters
        ----------
        data : dict
            The request, see `kernel_agent.Agent`.
        buffers : list of bytes
            The arrays' bytes.
        seconds : float
            How long it may take.

        Raises
        ------
        KernelFault
            Where no answer comes.
        """
        nonce = uuid.uuid4().hex
        content = {"comm_id": self.comm, "data": {**data, "nonce": nonce}}
        sent = self._send("comm_msg", content, buffers)
        try:
            for kind, content, came in self._messages(sent, Until(seconds)):
                answer = content.get("data")
                if kind == "comm_msg" and isinstance(answer, dict) and answer.get("nonce") == nonce:
                    return Answer(answer, came)
                if kind == "status" and content.get("execution_state") == "idle":
                    raise KernelDied("the kernel no longer answers requests")
        except KernelTimeout:
            self._interrupt(sent)
            raise
        raise KernelTimeout("no answer")

    def _wait_until_ready(self) -> dict[str, Any]:
        """Ask who is there until both sockets have answered."""
        deadline = monotonic() + self.startup
        info, heard = None, False
        while monotonic() < deadline:
            sent = self._send("kernel_info_request", {})
            with suppress(KernelTimeout):
                for kind, content, _ in self._messages(sent, Until(TICK)):
                    if kind == "kernel_info_reply":
                        info = content
                    heard = heard or kind == "status"
                    if info is not None and heard:
                        return info
        raise KernelTimeout(f"the kernel was not ready after {self.startup} seconds")

    def _install_agent(self) -> None:
        code = f"exec(compile({agent_source()!r}, '<grading>', 'exec'), {{'__name__': 'agent'}})"
        sent = self._send("execute_request", {"code": code, "silent": True, "store_history": False})
        for kind, content, _ in self._messages(sent, Until(self.startup)):
            if kind == "execute_reply":
                if content.get("status") != "ok":
                    raise KernelDied(f"the kernel could not take the agent: {content.get('evalue')}")
                break

    def connect(self) -> None:
        """Open a fresh connection for requests: the student's code may have closed the last one."""
        self.comm = uuid.uuid4().hex
        self._send("comm_open", {"comm_id": self.comm, "target_name": kernel_agent.TARGET, "data": {}})

    def _send(self, kind: str, content: dict[str, Any], buffers: list[bytes] | None = None) -> str:
        message = self.client.session.msg(kind, content)
        self.client.session.send(self.shell, message, buffers=buffers)
        return message["header"]["msg_id"]

    def _messages(self, parent: str, until: "Until") -> Iterator[tuple[str, dict[str, Any], list[bytes]]]:
        """Yield what the kernel sends about one request: its type, its content, its buffers.

        Raises
        ------
        KernelTimeout
            Where the deadline passes.
        KernelDied
            Where the kernel's process has ended, and nothing is left to read.
        """
        looked = monotonic()
        while True:
            left = until.at - monotonic()
            if left <= 0:
                raise KernelTimeout("time is up")
            ready = self.poller.poll(1000 * min(left, TICK))
            for socket, _ in ready:
                message = self._receive(socket)
                if message is not None and message[0] == parent:
                    yield message[1:]
            if monotonic() - looked > TICK:
                looked = monotonic()
                if not self.is_alive() and not self.poller.poll(0):
                    raise KernelDied("the kernel's process ended")

    def _receive(self, socket: zmq.Socket) -> tuple[str, str, dict[str, Any], list[bytes]] | None:
        """Read one message; None where it is not one."""
        frames = socket.recv_multipart()
        try:
            _, frames = self.client.session.feed_identities(frames)
            message = self.client.session.deserialize(frames, content=False)
            content = wire.parse(message["content"])
            parent, kind = message["parent_header"].get("msg_id"), message["header"]["msg_type"]
        except Exception:  # whatever the student's process sends must not stop the grading
            return None
        if not isinstance(content, dict) or not isinstance(kind, str):
            return None
        return parent, kind, content, [bytes(buffer) for buffer in message["buffers"]]

    def _interrupt(self, sent: str) -> str:
        """Stop what runs; where it does not stop, the kernel is stuck. Return `timeout`."""
        self.stuck = True
        try:
            self.manager.interrupt_kernel()
            for kind, content, _ in self._messages(sent, Until(GRACE)):
                if kind == "status" and content.get("execution_state") == "idle":
                    self.stuck = False
                    break
        except (KernelFault, RuntimeError):
            pass
        return "timeout"
