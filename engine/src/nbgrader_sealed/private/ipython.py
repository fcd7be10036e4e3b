"""IPython's private names that the agent needs; sent as text to a kernel that has no engine to import."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

# What is borrowed below; a test says by name which is gone.
BORROWED = (
    "ipykernel.ipkernel:IPythonKernel._forward_input",
    "ipykernel.ipkernel:IPythonKernel._restore_input",
)
# Attributes that only instances have: looked for in the text of their classes.
BORROWED_ATTRIBUTES = (
    "IPython.core.interactiveshell:InteractiveShell._sys_modules_keys",
    "ipykernel.zmqshell:ZMQInteractiveShell._last_traceback_during_displayhook",
)


@contextlib.contextmanager
def without_input(kernel: Any) -> Iterator[None]:
    """Refuse `input()` for a while, as a kernel does for a front end that has nobody to ask."""
    kernel._forward_input(allow_stdin=False)
    try:
        yield
    finally:
        kernel._restore_input()


def failed_to_show(shell: Any) -> bool:
    """Return whether the value of the last cell raised an exception when it was shown."""
    return bool(getattr(shell, "_last_traceback_during_displayhook", False))


def forget_loaded_modules(shell: Any) -> None:
    """Let `%reset --aggressive` leave the modules that are loaded now."""
    shell._sys_modules_keys = set(sys.modules)
