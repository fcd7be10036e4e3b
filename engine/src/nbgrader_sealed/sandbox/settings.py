"""Which sandbox a kernel gets, what it may see there, and how it is started."""

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from traitlets import Bool, Enum, Instance, List, Unicode, default
from traitlets.config import LoggingConfigurable

import nbgrader_sealed
from nbgrader_sealed.sandbox.backends import bubblewrap, landlock
from nbgrader_sealed.sandbox.fork_server import (
    NOBODY_ELSE,
    ForkServer,
    ForkServerGone,
    SandboxError,
    unprivileged_user,
)
from nbgrader_sealed.sandbox.limits import Limits
from nbgrader_sealed.sandbox.runtime import SandboxRuntime, StartedKernel
from nbgrader_sealed.sandbox.sandboxed.launch import PACKAGES, WORKSPACES, LaunchRequest
from nbgrader_sealed.sandbox.workspace import Workspace

ENGINE = Path(nbgrader_sealed.__file__).resolve().parent
BACKENDS = ("bubblewrap", "landlock")  # the first that works is taken
KERNEL_MODULE = "nbgrader_sealed.sandbox.sandboxed.kernel"  # what every kernel needs: IPython and its parts

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
    "No sandbox works here, so that submissions are not run: {reasons}. Needed is Linux with bubblewrap and "
    "user namespaces, or with Landlock. To run submissions without a sandbox, as you, with all that you can "
    "reach, set c.Sandbox.kind = 'none'."
)


class Sandbox(LoggingConfigurable):
    """The sandbox of students' kernels."""

    kind: Enum[Any] = Enum(
        ["auto", "bubblewrap", "landlock", "none"],
        default_value="auto",
        help="What keeps a kernel in; auto: the first of bubblewrap and Landlock that works.",
    ).tag(config=True)
    warm: Bool[Any, Any] = Bool(True, help="Fork kernels from a process that has loaded what they need.").tag(
        config=True
    )
    preload: List[Any] = List(
        Unicode(), help="Modules that the fork server loads, as they are imported."
    ).tag(config=True)
    packages: List[Any] = List(
        Unicode(), help="Importable packages to show that lie outside of Python's own folders."
    ).tag(config=True)
    readable: List[Any] = List(Unicode(), help="More files and folders that a kernel may read.").tag(
        config=True
    )
    environment: List[Any] = List(
        Unicode(),
        default_value=["LANG", "LC_ALL", "LC_CTYPE", "TZ", "NBGRADER_EXECUTION"],
        help="Names of the environment variables that a kernel gets, if they are set.",
    ).tag(config=True)
    limits: Instance[Any] = Instance(Limits)

    @default("limits")
    def _limits_of_this(self) -> Limits:
        return Limits(parent=self)

    @property
    def is_none(self) -> bool:
        """Whether kernels run without a sandbox."""
        return self.kind == "none"

    def start(
        self, workspace: Workspace, kernel: Mapping[str, str], environment: Mapping[str, str]
    ) -> StartedKernel:
        """Start a kernel in a workspace.

        Parameters
        ----------
        workspace
            Its folders and sockets.
        kernel
            Its `key` and signature `scheme`.
        environment
            The variables to choose from.

        Raises
        ------
        SandboxError
            If no sandbox can be put up; the message says why, and what the instructor can do.
        """
        runtime = SandboxRuntime.of_this_process()
        given = self._chosen(environment)
        backend = self._working_backend(runtime, given)
        request = self._request(backend, workspace, given, kernel)
        if self.warm:
            for _ in range(2):  # a fork server that was lost is replaced, once
                try:
                    server = self._shared_server(backend, runtime, given)
                    return StartedKernel(server.fork(request, workspace.listeners), None)
                except ForkServerGone as error:
                    self.log.warning("Sandbox: the fork server was lost: %s", error)
                    runtime.forget(self._key(backend, given))
            self.log.warning("Sandbox: starting a kernel cold")
        server = self._new_server(backend, runtime, given, is_warm=False)
        try:
            return StartedKernel(server.fork(request, workspace.listeners), server)
        except SandboxError:
            server.close()
            raise

    def warm_up(self, environment: Mapping[str, str]) -> None:
        """Start the fork server of this process now, so that processes forked from it share it.

        Raises
        ------
        SandboxError
            If no sandbox can be put up.
        """
        if self.is_none:
            return
        runtime = SandboxRuntime.of_this_process()
        given = self._chosen(environment)
        backend = self._working_backend(runtime, given)
        if self.warm:
            self._shared_server(backend, runtime, given)

    def _chosen(self, environment: Mapping[str, str]) -> dict[str, str]:
        given = {name: environment[name] for name in self.environment if name in environment}
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        return {"PATH": path, "LANG": "C.UTF-8", **ALWAYS, **given}

    def _key(self, backend: str, given: Mapping[str, str]) -> str:
        return json.dumps([backend, self.preload, self.packages, self.readable, sorted(given.items())])

    def _working_backend(self, runtime: SandboxRuntime, given: Mapping[str, str]) -> str:
        self._check_places()
        reasons: dict[str, str] = {}
        for backend in BACKENDS if self.kind == "auto" else (self.kind,):
            reason = runtime.tried.get(backend)
            if reason is None:
                reason = runtime.tried[backend] = self._try(backend, runtime, given)
                if not reason:
                    self.log.info("Sandbox: kernels run in %s", backend)
            if not reason:
                return backend
            reasons[backend] = reason
        raise SandboxError(
            REFUSAL.format(reasons="; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        )

    def _try(self, backend: str, runtime: SandboxRuntime, given: Mapping[str, str]) -> str:
        """Put a sandbox up around nothing; return why that fails, or an empty string."""
        if sys.platform != "linux":
            return "needs Linux"
        if backend == "bubblewrap" and not bubblewrap.is_there():
            return "bwrap is not installed"
        if backend == "landlock" and not landlock.is_there():
            return "this Linux kernel has no Landlock"
        workspace = runtime.workspace()
        try:
            server = self._new_server(backend, runtime, given, is_warm=False)
            try:
                server.probe(self._request(backend, workspace, given, None))
            finally:
                server.close()
        except (SandboxError, OSError) as error:
            return str(error).rpartition("\n")[2]
        finally:
            workspace.clear()
        return ""

    def _request(
        self,
        backend: str,
        workspace: Workspace,
        given: Mapping[str, str],
        kernel: Mapping[str, str] | None,
    ) -> LaunchRequest:
        has_view = backend == "bubblewrap"
        packages = SandboxRuntime.of_this_process().packages
        read = landlock.readable(self._folders(), packages, self._packages().values())
        return LaunchRequest(
            backend=backend,
            workspace=str(WORKSPACES / workspace.folder.name) if has_view else str(workspace.folder),
            environment=dict(given),
            limits=self.limits.numbers(),
            read=list(map(str, self._folders())) if has_view else read,
            kernel=None if kernel is None else dict(kernel),
        )

    def _shared_server(self, backend: str, runtime: SandboxRuntime, given: Mapping[str, str]) -> ForkServer:
        """Return the fork server of this process, started if there is none."""
        make = partial(self._new_server, backend, runtime, given, is_warm=True)
        return runtime.fork_server(self._key(backend, given), make)

    def _new_server(
        self, backend: str, runtime: SandboxRuntime, given: Mapping[str, str], *, is_warm: bool
    ) -> ForkServer:
        modules = [KERNEL_MODULE, *self.preload] if is_warm else []
        shown = self._packages()
        if backend == "bubblewrap":
            command = bubblewrap.command(self._folders(), shown, runtime.workspaces)
            return ForkServer(command, PACKAGES, {**given, "HOME": "/tmp"}, modules, unprivileged_user())
        runtime.link(shown)
        home = {"HOME": str(runtime.home)}
        return ForkServer([], runtime.packages, {**given, **home}, modules, NOBODY_ELSE)

    def _check_places(self) -> None:
        """Make sure that what is to be shown is there: without it no sandbox would seem to work."""
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
            If something does: the kernel would see what else lies there.
        """
        shown = [*self._folders(), *self._packages().values(), Path("/usr")]
        for path in shown:
            if path in (folder, *folder.parents):
                raise SandboxError(
                    f"Sandbox: kernels may read {str(path)!r}, which holds the submissions in {str(folder)!r}"
                )
