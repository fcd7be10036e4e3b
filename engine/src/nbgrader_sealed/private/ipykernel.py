"""ipykernel's private names, read in version 7.4: a kernel on sockets that it is handed."""

import contextlib
import os
import select
import sys
import threading
import uuid
from pathlib import Path
from typing import Any
from zlib import crc32

import zmq
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets import Type

# What is borrowed below; a test says by name which is gone.
BORROWED = (
    "ipykernel.heartbeat:Heartbeat._try_bind_socket",
    "ipykernel.iostream:IOPubThread._is_master_process",
    "ipykernel.iostream:IOPubThread._really_send",
    "ipykernel.iostream:OutStream._flush",
    "ipykernel.iostream:OutStream._is_master_process",
    "ipykernel.iostream:OutStream._watch_pipe_fd",
    "ipykernel.kernelapp:IPKernelApp._bind_socket",
    "ipykernel.kernelapp:IPKernelApp._try_bind_socket",
    "ipykernel.kernelbase:Kernel._topic",
)
# Attributes that only instances have: looked for in the text of their classes.
BORROWED_ATTRIBUTES = (
    "ipykernel.iostream:OutStream._fid",
    "ipykernel.iostream:OutStream._flush_pending",
    "ipykernel.iostream:OutStream._should_watch",
    "ipykernel.ipkernel:IPythonKernel._stdout",
    "ipykernel.kernelapp:IPKernelApp._ports",
)
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")  # as ipykernel names its ports
PIPE_HOLDS = 2**16  # bytes, https://man7.org/linux/man-pages/man7/pipe.7.html


class _HandedHeartbeat(Heartbeat):
    """The heartbeat, on a socket it is handed."""

    def _try_bind_socket(self) -> None:
        _listen(self.socket, self.port)


class QuickCompiler(XCachingCompiler):
    """ipykernel's compiler; its name for a cell, made for debuggers, is worked out byte by byte in Python."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return the name of the file that a cell is told to come from."""
        return f"{get_tmp_directory()}/{crc32(raw_code.encode('utf-8', 'replace'))}.py"


class DirectOutput(IOPubThread):
    """ipykernel's thread for output, but who sends a message does so at once, and wakes no thread for it.

    The socket must have nothing to read: the thread would miss what comes while another one sends.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sending = threading.RLock()
        super().__init__(*args, **kwargs)

    def send_multipart(self, *args: Any, **kwargs: Any) -> None:
        """Send a message."""
        # A fork cannot know who held the lock.
        with self._sending if self._is_master_process() else contextlib.nullcontext():
            self._really_send(*args, **kwargs)


class QuickStream(OutStream):
    """ipykernel's stream; flushing it waits for the thread that sends only where there is something to send.

    A kernel flushes both streams with all that it shows and at the end of every cell. What was written by
    the number of the file, as C does, is taken in at once: ipykernel would lose it where the cell ends first.
    """

    _is_sending = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._taking = threading.RLock()  # a student's handler of signals may print, too
        super().__init__(*args, **kwargs)

    def flush(self) -> None:
        """Have all sent that was written."""
        if self._is_master_process():
            self._take_in()
        if self._flush_pending or self._is_sending:
            super().flush()

    def _flush(self) -> None:
        self._is_sending = True  # before ipykernel takes the mark away that something waits
        try:
            super()._flush()
        finally:
            self._is_sending = False

    def _take_in(self) -> None:
        """Write what lies in the pipe of the file's number."""
        with self._taking, contextlib.suppress(OSError, ValueError):  # a student may have closed it
            if self._fid is not None and select.select([self._fid], [], [], 0)[0]:
                if came := os.read(self._fid, PIPE_HOLDS):
                    self.write(came.decode(errors="replace"))
                else:
                    self._fid = None  # nobody can write there any more

    def _watch_pipe_fd(self) -> None:
        """Take in what comes between two flushes (in a thread of its own)."""
        with contextlib.suppress(OSError, ValueError):
            while self._should_watch and self._fid is not None:
                select.select([self._fid], [], [])
                self._take_in()


class HandedKernel(IPythonKernel):
    """ipykernel's kernel, which may be made before it has sockets."""

    compiler_class: Any = Type(QuickCompiler)

    @classmethod
    def instance(cls, *args: Any, **traits: Any) -> "HandedKernel":
        """Return the only one, with these traits: made, or as it was made."""
        is_there = cls.initialized()
        kernel = super().instance(*args, **traits)
        for name, value in traits.items() if is_there else ():
            setattr(kernel, name, value)
        return kernel


class HandedKernelApp(IPKernelApp):
    """ipykernel's application without connection file: what it would read there is given as traits.

    Each channel's port is the number of a listening Unix socket that this process already has open.
    """

    kernel_class: Any = Type(HandedKernel)
    outstream_class: Any = f"{__name__}.QuickStream"

    def _try_bind_socket(self, s: zmq.Socket, port: int) -> int:
        _listen(s, port)
        return port

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Read no command line: to look for all that it could say would take a sixth of the start."""

    def init_connection_file(self) -> None:
        """Read no connection file."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write no connection file."""

    def log_connection_info(self) -> None:
        """Tell nobody how to connect; only note the ports."""
        self._ports = {channel: getattr(self, f"{channel}_port") for channel in CHANNELS}

    def init_control(self, context: Any) -> None:
        """Set up the control channel, without the debugger's way back to the shell channel."""
        super().init_control(context)
        self.debug_shell_socket.close(linger=0)  # it would try for ever to connect
        self.debug_shell_socket: Any = context.socket(zmq.DEALER)

    def init_iopub(self, context: Any) -> None:
        """Set up the channel for output, without the TCP socket by which subprocesses would reach it."""
        self.iopub_socket: Any = context.socket(zmq.PUB)
        self.iopub_socket.linger = 1000
        self.iopub_port: Any = self._bind_socket(self.iopub_socket, self.iopub_port)
        self.configure_tornado_logger()
        self.iopub_thread: Any = DirectOutput(self.iopub_socket, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_code(self) -> None:
        """Run no code of a profile: the home is a fresh one, and which modules there are, the shell knows."""
        shell: Any = self.shell
        shell.user_ns_hidden.update(shell.user_ns)

    def init_heartbeat(self) -> None:
        """Start the heartbeat."""
        self.heartbeat: Any = _HandedHeartbeat(self.context, (self.transport, self.ip, self.hb_port))
        self.heartbeat.start()


def _listen(channel: zmq.Socket, descriptor: int) -> None:
    channel.setsockopt(zmq.USE_FD, descriptor)
    channel.bind(f"ipc://handed-{descriptor}")  # only the descriptor counts; nothing of this name is made


def rebind_after_fork(app: HandedKernelApp) -> None:
    """Tell the kernel and its shell, which may have been made before the fork, where they are now."""
    kernel: Any = app.kernel
    shell: Any = app.shell
    kernel.ident = str(uuid.uuid4())
    kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
    for shows in (shell.displayhook, shell.display_pub):
        shows.session, shows.pub_socket = kernel.session, kernel.iopub_socket
    shell.displayhook.topic = kernel._topic("execute_result")
    shell.parent = shell.kernel = kernel
    shell.profile_dir = app.profile_dir
    shell.ipython_dir = app.ipython_dir
    shell.starting_dir = os.getcwd()
    shell.home_dir = os.path.expanduser("~")
    shell.history_manager.dir_hist[:] = [Path.cwd()]
    shell.init_environment()
