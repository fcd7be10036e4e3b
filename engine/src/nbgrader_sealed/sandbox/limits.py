"""How much a student's kernel may use."""

from typing import Any

from traitlets import Integer
from traitlets.config import Configurable

MEBIBYTE = 1 << 20


class Limits(Configurable):
    """How much one kernel may use of the machine.

    What goes beyond a limit fails in the student's code (`MemoryError`, `OSError`), or ends the kernel; the
    grading process and the other kernels go on.
    """

    cpu_seconds: Integer[Any, Any] = Integer(
        300, min=1, help="Seconds of processor time for the whole notebook."
    ).tag(config=True)
    memory: Integer[Any, Any] = Integer(
        2048 * MEBIBYTE, min=512 * MEBIBYTE, help="Bytes of address space."
    ).tag(config=True)
    file_size: Integer[Any, Any] = Integer(64 * MEBIBYTE, min=1, help="Bytes in one file.").tag(config=True)
    open_files: Integer[Any, Any] = Integer(256, min=64, help="Files, pipes and sockets open at once.").tag(
        config=True
    )
    disk: Integer[Any, Any] = Integer(128 * MEBIBYTE, min=MEBIBYTE, help="Bytes in all files it writes.").tag(
        config=True
    )
    files: Integer[Any, Any] = Integer(4096, min=64, help="Number of files and folders it makes.").tag(
        config=True
    )
    processes: Integer[Any, Any] = Integer(
        0,
        min=0,
        help="Processes it may start, with bubblewrap only; with Landlock it may start none.",
    ).tag(config=True)
    threads: Integer[Any, Any] = Integer(
        128,
        min=16,
        help="Threads, the kernel's own included; with Landlock the kernel is ended soon after it has more.",
    ).tag(config=True)

    def numbers(self) -> dict[str, int]:
        """Return the limits by name."""
        return {name: getattr(self, name) for name in self.trait_names(config=True)}
