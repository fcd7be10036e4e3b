"""One student's kernel as the grading process sees it: it runs cells, answers requests, and may die."""

import inspect
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import zmq
from jupyter_client.client import KernelClient
from jupyter_client.manager import KernelManager

from nbgrader_sealed.execution import slots
from nbgrader_sealed.private import ipython
from nbgrader_sealed.private.jupyter_client import process_id, signed_parts
from nbgrader_sealed.protocol import agent, wire

SEND_TIMEOUT = 10.0  # seconds in which a live kernel takes a message
INTERRUPT_TIMEOUT = 2.0  # seconds that a kernel has to stop after an interrupt
POLL_INTERVAL = 0.2  # seconds between two looks at whether the kernel is alive
MAX_FRAME = 100 * 2**20  # bytes of one part of a message; a larger one is never received
ANSWERS = (agent.ANSWER, "status")  # the messages that answer a request; not what is printed meanwhile
MAX_HEADER = 2**20  # bytes of a message's header
MAX_STARTS = 3  # of a kernel that dies on its way up
RECEIVE_HWM = 64  # messages that may wait to be read
ASYNC_KEYWORDS = (
    "async",
    "await",
    "tornado",
)  # words of a notebook that needs the kernel's event loop


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


class Deadline:
    """A moment, some seconds from now, that may still be moved."""

    def __init__(self, seconds: float) -> None:
        self.at: float = monotonic() + seconds


@dataclass(frozen=True)
class Answer:
    """A kernel's answer to a request: JSON, and the buffers beside it."""

    data: dict[str, Any]
    buffers: list[bytes]


@cache
def agent_source() -> str:
    """Return the source that makes a kernel answer requests: the wire format, and the agent that uses it."""
    texts = [inspect.getsource(module) for module in (wire, ipython, agent)]
    lines = [line for line in "".join(texts).splitlines() if not line.startswith("from nbgrader_sealed.")]
    return "\n".join([*lines, "install(get_ipython())", ""])


class StudentKernel:
    """A student's kernel and its client, which treats every message as untrusted.

    It reads only answers to its own requests, and checks signature, size and type before it uses one.

    Parameters
    ----------
    new_manager : callable
        Makes a `jupyter_client.manager.KernelManager` that has not been started.
    cwd : str
        The folder to run the kernel in.
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
        self.core: int | None = None
        self.stuck: bool = False
        self.serving: str = ""
        self.has_loop: bool = False
        self.has_agent: bool = False

    def start(self) -> dict[str, Any]:
        """Start a fresh kernel, and return what it says about itself (`kernel_info`).

        A kernel that dies on its way up is started again: without a sandbox it listens on ports that were
        free when they were chosen, and that another kernel may have taken since.

        Raises
        ------
        KernelFault
            If it does not get ready.
        """
        for _ in range(MAX_STARTS - 1):
            with suppress(KernelDied):
                return self._start()
            self.stop()
        return self._start()

    def _start(self) -> dict[str, Any]:
        self.stuck, self.serving, self.has_loop = False, "", False
        self.manager = self.new_manager()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.manager.start_kernel(cwd=self.cwd, extra_arguments=self.arguments)
        for option, value in (
            (zmq.MAXMSGSIZE, MAX_FRAME),
            (zmq.RCVHWM, RECEIVE_HWM),
            (zmq.LINGER, 0),
            (zmq.SNDTIMEO, int(1000 * SEND_TIMEOUT)),
        ):
            self.context.setsockopt(option, value)
        self.client: KernelClient = self.manager.client(context=self.context)
        self.shell: zmq.Socket[bytes] = self.client.connect_shell()
        self.iopub: zmq.Socket[bytes] = self.client.connect_iopub()
        self.stdin: zmq.Socket[bytes] = self.client.connect_stdin()
        self.poller: zmq.Poller = zmq.Poller()
        for socket in (self.iopub, self.shell, self.stdin):
            self.poller.register(socket, zmq.POLLIN)
        info = self._wait_until_ready()
        self.has_agent = info.get("language_info", {}).get("name") == "python"
        if self.has_agent and not getattr(self.manager.provisioner, "brings_agent", False):
            self._install_agent()
        self.stay_on(self.core)
        return info

    @property
    def _running(self) -> KernelManager:
        if self.manager is None:
            raise KernelDied("the kernel was not started")
        return self.manager

    def stay_on(self, core: int | None) -> None:
        """Keep the kernel, and the one that takes its place, on a core of the machine; None keeps neither."""
        self.core = core
        if core is not None:
            slots.stay_on(process_id(self._running), {core})

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
        """Return whether the kernel's process still runs."""
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
        status, all_shown = None, False
        asked: list[str] = []
        deadline = Deadline(seconds)
        try:
            asked.append(self._ask_to_run(code))
            for kind, content, _ in self._messages(asked, deadline, silent=lambda: self._ask_again(asked)):
                if kind in ("execute_reply", agent.RAN, agent.ANSWER):
                    said = content.get("status" if kind == "execute_reply" else "ok")
                    status = "ok" if said == "ok" else "error"
                    all_shown = all_shown or kind == agent.RAN
                elif kind == "status":
                    all_shown = all_shown or _is_idle(kind, content)
                else:
                    show(kind, content)
                if status and all_shown:
                    return status
                if status or all_shown:  # what was shown last, or how it ended, is on its way
                    deadline.at = min(deadline.at, monotonic() + 1)
        except KernelDied:
            return "dead"
        except KernelTimeout:
            pass
        if status:
            return status
        if all_shown:  # an interrupt, perhaps the student's own, took the agent with it
            self._release()
            return "error"
        return self._interrupt(asked)

    def _ask_to_run(self, code: str) -> str:
        """Request that the agent run a cell; or the kernel itself, if its event loop must go on."""
        self.has_loop = self.has_loop or any(word in code for word in ASYNC_KEYWORDS)
        if self.has_agent and not self.has_loop:
            self._connect()
            return self._send(agent.REQUEST, {"do": "run", "code": code}, socket=self.stdin)
        self._release()
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        return self._send("execute_request", {**content, "allow_stdin": False, "stop_on_error": False})

    def _ask_again(self, asked: list[str]) -> None:
        """Ask the agent, once, how the cell ended, over the channel that loses nothing."""
        if self.serving and len(asked) == 1:
            asked.append(self._send(agent.REQUEST, {"do": "ended", "of": asked[0]}, socket=self.stdin))

    def request(self, data: dict[str, Any], buffers: list[bytes], seconds: float) -> Answer:
        """Ask the agent in the kernel for something.

        Parameters
        ----------
        data : dict
            The request, see `agent.Agent`.
        buffers : list of bytes
            The arrays' bytes.
        seconds : float
            How long it may take.

        Raises
        ------
        KernelFault
            If no answer comes.
        """
        self._connect()
        nonce = uuid.uuid4().hex
        sent = self._send(agent.REQUEST, {**data, "nonce": nonce}, buffers, self.stdin)
        try:
            for kind, content, came in self._messages((sent, self.serving), Deadline(seconds), ANSWERS):
                if kind == agent.ANSWER:
                    if content.get("nonce") != nonce:
                        raise KernelDied("the kernel answered another request")
                    return Answer(content, came)
                if _is_idle(kind, content):
                    raise KernelDied("the kernel no longer answers requests")
        except KernelTimeout:
            self._interrupt((sent,))
            raise
        raise KernelTimeout("no answer")

    def _wait_until_ready(self) -> dict[str, Any]:
        """Request the kernel's information until both sockets have answered."""
        deadline = monotonic() + self.startup
        info, heard = None, False
        while monotonic() < deadline:
            sent = self._send("kernel_info_request", {})
            with suppress(KernelTimeout):
                for kind, content, _ in self._messages((sent,), Deadline(POLL_INTERVAL)):
                    if kind == "kernel_info_reply":
                        info = content
                    heard = heard or kind == "status"
                    if info is not None and heard:
                        return info
        raise KernelTimeout(f"the kernel was not ready after {self.startup} seconds")

    def _install_agent(self) -> None:
        """Install the agent, as an expression: IPython would look through a cell token by token."""
        code = f"exec({agent_source()!r}, dict(__name__='agent', get_ipython=get_ipython))"
        content = {"code": "", "silent": True, "store_history": False, "user_expressions": {"agent": code}}
        sent = self._send("execute_request", content)
        for kind, content, _ in self._messages((sent,), Deadline(self.startup)):
            if kind == "execute_reply":
                installed = content.get("user_expressions", {}).get("agent", content)
                if installed.get("status") != "ok":
                    raise KernelDied(f"the kernel could not take the agent: {installed.get('evalue')}")
                break

    def _connect(self) -> None:
        """Let the agent answer requests, unless it does already.

        Requests go over the channel for input, straight from thread to thread. On the kernel's usual way,
        with a thread for each channel and news of being busy and idle, a call takes several times as long.
        """
        if not self.serving:
            content = {"comm_id": uuid.uuid4().hex, "target_name": agent.TARGET, "data": {}}
            self.serving = self._send("comm_open", content)

    def _release(self) -> None:
        """Let the agent end its answering, so that the kernel goes on to what comes next."""
        if self.serving:
            self._send(agent.REQUEST, {"do": "end", "nonce": self.serving}, socket=self.stdin)
            self.serving = ""

    def _send(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: list[bytes] | None = None,
        socket: zmq.Socket[bytes] | None = None,
    ) -> str:
        """Send a message, and return its id.

        Raises
        ------
        KernelDied
            If nobody takes it: libzmq gives a connection up after bytes of no known form.
        """
        message = self.client.session.msg(kind, content)
        try:
            self.client.session.send(socket or self.shell, message, buffers=buffers)
        except zmq.Again:
            self.stuck = True
            raise KernelDied("the kernel takes no messages any more") from None
        return message["header"]["msg_id"]

    def _messages(
        self,
        parents: Sequence[str],
        deadline: Deadline,
        kinds: tuple[str, ...] = (),
        silent: Callable[[], None] | None = None,
    ) -> Iterator[tuple[str, dict[str, Any], list[bytes]]]:
        """Yield what the kernel sends about some requests (of some kinds, or all): type, content, buffers.

        `silent` is called when nothing came for a while.

        Raises
        ------
        KernelTimeout
            If the deadline passes.
        KernelDied
            If the kernel's process has ended, and nothing is left to read.
        """
        looked = monotonic()
        while True:
            left = deadline.at - monotonic()
            if left <= 0:
                raise KernelTimeout("time is up")
            ready = self.poller.poll(int(1000 * min(left, POLL_INTERVAL)))
            for socket, _ in ready:
                message = self._receive(socket, parents, kinds)
                if message is not None:
                    yield message
            if not ready and silent is not None:
                silent()
            if monotonic() - looked > POLL_INTERVAL:
                looked = monotonic()
                if not self.is_alive() and not self.poller.poll(0):
                    raise KernelDied("the kernel's process ended")

    def _receive(
        self, socket: zmq.Socket[bytes], parents: Sequence[str], kinds: tuple[str, ...]
    ) -> tuple[str, dict[str, Any], list[bytes]] | None:
        """Read one message; None if it is not one, or not about these requests."""
        frames = socket.recv_multipart()
        try:
            parts = signed_parts(self.client.session, frames)
            if parts is None:
                return None
            header, parent = (wire.parse(part, MAX_HEADER) for part in parts[:2])
            content = wire.parse(parts[3])
            kind = header["msg_type"]
            if parent.get("msg_id") not in parents or (kinds and kind not in kinds):
                return None
        except Exception:  # whatever the student's process sends must not stop the grading
            return None
        if not isinstance(content, dict) or not isinstance(kind, str):
            return None
        return kind, content, parts[4:]

    def _interrupt(self, asked: Sequence[str]) -> str:
        """Interrupt the kernel, which is stuck if it does not stop. Return `timeout`."""
        self.stuck = True
        try:
            self._running.interrupt_kernel()
            for kind, content, _ in self._messages(asked, Deadline(INTERRUPT_TIMEOUT)):
                if _is_idle(kind, content) or kind in (agent.ANSWER, agent.RAN):
                    self.stuck = False
                    break
            self._release()  # the interrupt may have taken the agent with it
        except (KernelFault, RuntimeError):
            self.stuck = True
        return "timeout"


def _is_idle(kind: str, content: dict[str, Any]) -> bool:
    """Return whether a message reports that the kernel itself has done what it was asked for."""
    return kind == "status" and content.get("execution_state") == "idle"
