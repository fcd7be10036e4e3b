"""Which walls a kernel gets, what it may see behind them, and how it is started."""

import contextlib
import importlib.util
import json
import os
import shutil
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import ClassVar

from traitlets import Bool, Enum, Instance, List, Unicode, default
from traitlets.config import LoggingConfigurable

import nbgrader_sealed
from nbgrader_sealed.sandbox.backends import bubblewrap, landlock
from nbgrader_sealed.sandbox.fork_server import (
    NOBODY_ELSE,
    ForkServer,
    ForkServerGone,
    Kernel,
    SandboxError,
    user_without_rights,
)
from nbgrader_sealed.sandbox.limits import Limits
from nbgrader_sealed.sandbox.sandboxed.launch import PACKAGES, ROOMS, LaunchRequest
from nbgrader_sealed.sandbox.workspace import Workspace, short_folder

ENGINE = Path(nbgrader_sealed.__file__).resolve().parent
WALLS = {"bubblewrap": "namespaces", "landlock": "landlock"}
ALONE = "nbgrader_sealed.sandbox.sandboxed.kernel"  # what every kernel needs: IPython and what it is made of

# Matplotlib must know before it is loaded that figures are shown as in any notebook. One thread for each
# kernel is what a machine that grades several at once can give; an arena of memory for each thread would use
# up the address space; and no byte code is written, since there is nowhere to keep it.
ALWAYS = {
    "USER": "student",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}

REFUSAL = (
    "No sandbox works here, so that submissions are not run: {reasons}. See docs/isolation.md for what is "
    "needed. To run them without one, as you, with all that you can reach, set c.Sandbox.kind = 'none'."
)


class Sandbox(LoggingConfigurable):
    """The walls around students' kernels."""

    kind = Enum(
        ["auto", "bubblewrap", "landlock", "none"],
        default_value="auto",
        help="What keeps a kernel in; auto: the first of bubblewrap and Landlock that works.",
    ).tag(config=True)
    warm = Bool(True, help="Fork kernels from a process that has loaded what they need.").tag(config=True)
    preload = List(Unicode(), help="Modules that the warm process loads, as they are imported.").tag(
        config=True
    )
    packages = List(
        Unicode(), help="Importable packages to show that lie outside of Python's own folders."
    ).tag(config=True)
    readable = List(Unicode(), help="More files and folders that a kernel may read.").tag(config=True)
    environment = List(
        Unicode(),
        default_value=["LANG", "LC_ALL", "LC_CTYPE", "TZ", "NBGRADER_EXECUTION"],
        help="Names of the environment variables that a kernel gets, where they are set.",
    ).tag(config=True)
    limits = Instance(Limits)

    @default("limits")
    def _limits_of_this(self) -> Limits:
        return Limits(parent=self)

    @property
    def is_none(self) -> bool:
        """Whether kernels run without walls."""
        return self.kind == "none"

    def start(self, room: Workspace, kernel: Mapping[str, str], environment: Mapping[str, str]) -> "Started":
        """Start a kernel in `room`.

        Parameters
        ----------
        room
            Its folders and sockets.
        kernel
            Its `key` and signature `scheme`.
        environment
            The variables to choose from.

        Raises
        ------
        SandboxError
            Where no walls can be put up; the message says why, and what the instructor can do.
        """
        ground = SandboxRuntime.of_this_process()
        given = self._chosen(environment)
        kind = self._working_kind(ground, given)
        job = self._job(kind, room, given, kernel)
        if self.warm:
            for _ in range(2):  # a parent that was lost is replaced, once
                try:
                    parent = ground.warm(
                        self._key(kind, given), partial(self._parent, kind, ground, given, is_warm=True)
                    )
                    return Started(parent.fork(job, room.listeners), None)
                except ForkServerGone as error:
                    self.log.warning("Sandbox: the warm parent was lost: %s", error)
                    ground.forget(self._key(kind, given))
            self.log.warning("Sandbox: starting a kernel cold")
        parent = self._parent(kind, ground, given, is_warm=False)
        try:
            return Started(parent.fork(job, room.listeners), parent)
        except SandboxError:
            parent.close()
            raise

    def warm_up(self, environment: Mapping[str, str]) -> None:
        """Start the warm parent of this process now, so that processes forked from it share it.

        Raises
        ------
        SandboxError
            Where no walls can be put up.
        """
        if self.is_none:
            return
        ground = SandboxRuntime.of_this_process()
        given = self._chosen(environment)
        kind = self._working_kind(ground, given)
        if self.warm:
            ground.warm(self._key(kind, given), partial(self._parent, kind, ground, given, is_warm=True))

    def _chosen(self, environment: Mapping[str, str]) -> dict[str, str]:
        given = {name: environment[name] for name in self.environment if name in environment}
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        return {"PATH": path, "LANG": "C.UTF-8", **ALWAYS, **given}

    def _key(self, kind: str, given: Mapping[str, str]) -> str:
        return json.dumps([kind, self.preload, self.packages, self.readable, sorted(given.items())])

    def _working_kind(self, ground: "SandboxRuntime", given: Mapping[str, str]) -> str:
        self._check_places()
        candidates = list(WALLS) if self.kind == "auto" else [self.kind]
        reasons = {}
        for kind in candidates:
            reason = ground.tried.get(kind)
            if reason is None:
                reason = ground.tried[kind] = self._try(kind, ground, given)
                if not reason:
                    self.log.info("Sandbox: kernels run in %s", kind)
            if not reason:
                return kind
            reasons[kind] = reason
        raise SandboxError(
            REFUSAL.format(reasons="; ".join(f"{kind}: {reason}" for kind, reason in reasons.items()))
        )

    def _try(self, kind: str, ground: "SandboxRuntime", given: Mapping[str, str]) -> str:
        """Put walls of this kind up around nothing; return why that fails, or an empty string."""
        if sys.platform != "linux":
            return "needs Linux"
        if kind == "bubblewrap" and not bubblewrap.is_there():
            return "bwrap is not installed"
        if kind == "landlock" and not landlock.is_there():
            return "this Linux kernel has no Landlock"
        room = ground.room()
        try:
            parent = self._parent(kind, ground, given, is_warm=False)
            try:
                parent.probe(self._job(kind, room, given, None))
            finally:
                parent.close()
        except (SandboxError, OSError) as error:
            return str(error).rpartition("\n")[2]
        finally:
            room.clear()
        return ""

    def _job(
        self, kind: str, room: Workspace, given: Mapping[str, str], kernel: Mapping[str, str] | None
    ) -> LaunchRequest:
        is_view = kind == "bubblewrap"
        ground = SandboxRuntime.of_this_process()
        read = landlock.readable(self._folders(), ground.packages, self._packages().values())
        return LaunchRequest(
            walls=WALLS[kind],
            room=str(ROOMS / room.folder.name) if is_view else str(room.folder),
            environment=dict(given),
            limits=self.limits.numbers(),
            read=list(map(str, self._folders())) if is_view else read,
            kernel=None if kernel is None else dict(kernel),
        )

    def _parent(
        self, kind: str, ground: "SandboxRuntime", given: Mapping[str, str], *, is_warm: bool
    ) -> ForkServer:
        modules = [ALONE, *self.preload] if is_warm else []
        shown = self._packages()
        if kind == "bubblewrap":
            command = bubblewrap.command(self._folders(), shown, ground.rooms)
            home = {"HOME": "/tmp"}
            return ForkServer(command, PACKAGES, {**given, **home}, modules, user_without_rights())
        ground.link(shown)
        home = {"HOME": str(ground.home)}
        return ForkServer([], ground.packages, {**given, **home}, modules, NOBODY_ELSE)

    def _check_places(self) -> None:
        """Make sure that what is to be shown is there: without it no walls would seem to stand."""
        self._packages()
        for path in self.readable:
            if not Path(path).exists():
                raise SandboxError(f"Sandbox.readable: there is no file or folder {path!r}")

    def _packages(self) -> dict[str, Path]:
        """Return where the packages to show lie, by name, the engine itself first."""
        found = {ENGINE.name: ENGINE}
        for name in self.packages:
            spec = importlib.util.find_spec(name)
            if spec is None or not (spec.submodule_search_locations or spec.origin):
                raise SandboxError(f"Sandbox.packages: there is no package {name!r}")
            place = Path(next(iter(spec.submodule_search_locations or [str(spec.origin)]))).resolve()
            found[name if place.is_dir() else place.name] = place
        return found

    def _folders(self) -> list[Path]:
        """Return the folders of Python and those of the configuration, those above others first."""
        named = {Path(sys.base_prefix), Path(sys.prefix), *map(Path, self.readable)}
        real = {Path(os.path.realpath(path)) for path in named} | named
        return sorted(path for path in real if path.exists() and Path("/usr") not in (path, *path.parents))

    def refuse_to_show(self, folder: Path) -> None:
        """Make sure that nothing which kernels may read holds `folder`.

        Raises
        ------
        SandboxError
            Where something does: the kernel would see what else lies there.
        """
        shown = [*self._folders(), *self._packages().values(), Path("/usr")]
        for path in shown:
            if path in (folder, *folder.parents):
                raise SandboxError(
                    f"Sandbox: kernels may read {str(path)!r}, which holds the submissions in {str(folder)!r}"
                )


class Started:
    """A kernel, and the parent that ends with it where it was started cold."""

    def __init__(self, kernel: Kernel, parent: ForkServer | None) -> None:
        self.kernel = kernel
        self._parent = parent

    def close(self) -> None:
        """End the kernel and all that it started."""
        self.kernel.close()
        if self._parent is not None:
            self._parent.close()
            self._parent = None


class SandboxRuntime:
    """What a grading process keeps for all its kernels: folders, warm parents, and which walls work."""

    _grounds: ClassVar[dict[int, "SandboxRuntime"]] = {}
    _lock = threading.RLock()

    def __init__(self) -> None:
        self.folder = short_folder()
        self.rooms, self.sockets = self.folder / "rooms", self.folder / "sockets"
        self.packages, self.home = self.folder / "packages", self.folder / "home"
        for part in (self.rooms, self.sockets, self.packages, self.home):
            part.mkdir()
        self.tried: dict[str, str] = {}
        self._parents: dict[str, ForkServer] = {}

    @classmethod
    def of_this_process(cls) -> "SandboxRuntime":
        """Return this process's ground, which is cleared when the process ends."""
        with cls._lock:
            mine = cls._grounds.get(os.getpid())
            if mine is None:
                mine = cls._grounds[os.getpid()] = cls()
                Finalize(None, mine.clear, args=(os.getpid(),), exitpriority=1)  # in worker processes, too
            return mine

    @classmethod
    def inherit(cls) -> None:
        """Use, in a process that was forked, the ground of the one it was forked from."""
        with cls._lock:
            if os.getppid() in cls._grounds:
                cls._grounds[os.getpid()] = cls._grounds[os.getppid()]

    def room(self) -> Workspace:
        """Make a new room."""
        return Workspace(self.rooms, self.sockets, uuid.uuid4().hex[:12])

    def link(self, packages: Mapping[str, Path]) -> None:
        """Make the packages importable from the folder of links."""
        for name, path in packages.items():
            with contextlib.suppress(FileExistsError):
                (self.packages / name).symlink_to(path)

    def warm(self, key: str, make: Callable[[], ForkServer]) -> ForkServer:
        """Return the warm parent for `key`, made by `make` where there is none."""
        with self._lock:
            if key not in self._parents:
                self._parents[key] = make()
            return self._parents[key]

    def forget(self, key: str) -> None:
        """Close the warm parent for `key`."""
        with self._lock:
            parent = self._parents.pop(key, None)
        if parent is not None:
            parent.close()

    def clear(self, process: int) -> None:
        """Close what is open and remove the folders, if they are those of this `process`."""
        if process != os.getpid():
            return
        for key in list(self._parents):
            self.forget(key)
        shutil.rmtree(self.folder, ignore_errors=True)
