"""An IPython kernel on sockets that it is handed, so that `socket()` can be forbidden."""

import contextlib
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets.config import Config

from nbgrader_sealed.private.ipykernel import (
    HandedKernel,
    HandedKernelApp,
    QuickCompiler,
    rebind_after_fork,
)
from nbgrader_sealed.private.ipython import forget_loaded_modules
from nbgrader_sealed.protocol import agent
from nbgrader_sealed.sandbox.sandboxed.launch import CHANNELS

# What some modules do when they are loaded, where there is an IPython to do it to: the fork server has none.
ON_LOADING: dict[str, Callable[[Any], object]] = {
    "ipywidgets": lambda shell: sys.modules["ipywidgets"].load_ipython_extension(shell),
    "matplotlib_inline.backend_inline": lambda shell: shell.enable_matplotlib("inline"),
}


def initialize_app(key: str, scheme: str, descriptors: dict[str, int]) -> HandedKernelApp:
    """Return a kernel that is ready to start.

    Parameters
    ----------
    key, scheme
        What messages are signed with, as in a connection file.
    descriptors
        For each of `CHANNELS` the number of its listening socket.
    """
    on_loading = [act for module, act in ON_LOADING.items() if module in sys.modules]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # or every kernel would draw the same numbers
    tempfile.tempdir = None  # the fork server's is not this kernel's
    app = build_app()
    for channel, number in descriptors.items():
        setattr(app, f"{channel}_port", number)
    app.config.Session.key = key.encode()
    app.config.Session.signature_scheme = scheme
    app.initialize([])
    rebind_after_fork(app)
    shell: Any = app.shell
    agent.install(shell)
    manager = shell.input_transformer_manager  # ipykernel looks through a cell's text, then IPython again
    manager.transform_cell = lru_cache(maxsize=1)(manager.transform_cell)
    for act in on_loading:
        act(shell)
    sys.path.insert(0, "")  # last: now what lies beside the notebook can be imported, as in any kernel
    return app


def build_app() -> HandedKernelApp:
    """Return the application with its kernel and its shell, as far as they go without sockets.

    Made before a fork, they are there for all that are forked from here: half of what a start takes.
    """
    if not HandedKernelApp.initialized():
        config = Config()
        config.HistoryManager.enabled = False
        shell: Any = ZMQInteractiveShell.instance(
            config=config, profile_dir=ProfileDir(), compiler_class=QuickCompiler
        )
        forget_loaded_modules(shell)
        shell.display_formatter.format(None)  # makes what shows things, once and for all
        HandedKernel.instance(user_ns=None)
        app = HandedKernelApp.instance(transport="ipc", parent_handle=0, log_level=50)
        app.log.setLevel(app.log_level)  # or a line about every message would be made, and then thrown away
    return HandedKernelApp.instance()


def list_imports() -> list[str]:
    """Start a kernel that nobody hears, run cells of each kind, and return which modules that took."""
    with contextlib.ExitStack() as open_for_now:
        folder = Path(open_for_now.enter_context(tempfile.TemporaryDirectory()))
        descriptors = {}
        for channel in CHANNELS:
            listener = open_for_now.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(folder / channel))
            listener.listen()
            descriptors[channel] = listener.fileno()
        app = initialize_app("", "hmac-sha256", descriptors)
        shell: Any = app.shell
        for cell in ("None", "1 / 0", "1 +"):  # what a value, an exception and a wrong line need
            shell.run_cell(cell)
    return sorted(set(sys.modules))
