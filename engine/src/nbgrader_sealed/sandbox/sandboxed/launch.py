"""What the grading process asks of the fork server: a kernel, what it is given, and its sandbox."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")  # the order in which their sockets are handed over
MAX_MESSAGE = 1 << 16  # bytes of a request, or of a report

# Where things are within namespaces.
SCRATCH = Path("/scratch")
PACKAGES = Path("/packages")
WORKSPACES = Path("/workspaces")

# The folders of a workspace: where the notebook runs, HOME, and what stands for /tmp and /dev/shm.
WORK, HOME, TEMPORARY, SHARED = "work", "home", "tmp", "shm"


@dataclass
class LaunchRequest:
    """A kernel that is asked for.

    Attributes
    ----------
    backend
        "bubblewrap" or "landlock".
    workspace
        The folder that holds the kernel's files.
    environment
        All that the kernel's environment holds, beside HOME and TMPDIR.
    limits
        Numbers by name: cpu_seconds, memory, file_size, open_files, disk, files, processes, threads.
    read
        What may be read; with bubblewrap, only the folders that are not the system's own.
    kernel
        Its key and signature scheme; None to only try the sandbox.
    """

    backend: str
    workspace: str
    environment: dict[str, str]
    limits: dict[str, int]
    read: list[str] = field(default_factory=list)
    kernel: dict[str, str] | None = None

    @property
    def scratch(self) -> Path:
        """The folder that the kernel may write to."""
        return SCRATCH if self.backend == "bubblewrap" else Path(self.workspace)

    def encode(self) -> bytes:
        """Return the request as it travels."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, message: bytes) -> "LaunchRequest":
        """Return the request that came as `message`."""
        return cls(**json.loads(message))
