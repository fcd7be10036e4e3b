"""Kernels in a sandbox, for everything that starts kernels through jupyter_client."""

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance, default

from nbgrader_sealed.sandbox.runtime import SandboxRuntime, StartedKernel
from nbgrader_sealed.sandbox.settings import Sandbox
from nbgrader_sealed.sandbox.workspace import Workspace


class SandboxProvisioner(LocalProvisioner):
    """Runs a Python kernel in a sandbox, or as a plain process if `Sandbox.kind` is "none".

    The kernel's folder is a copy of the one it is started for, which is removed when it ends.
    """

    sandbox: Instance[Any] = Instance(Sandbox)
    workspace: Workspace | None = None
    started: StartedKernel | None = None

    @default("sandbox")
    def _sandbox_of_this(self) -> Sandbox:
        return Sandbox(parent=self)

    @property
    def brings_agent(self) -> bool:
        """Whether the kernel has the agent that answers requests (`protocol/agent.py`) from its start."""
        return not self.sandbox.is_none

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return super().has_process if self.sandbox.is_none else self.started is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the kernel's workspace, and tell the manager its Unix sockets.

        Raises
        ------
        SandboxError
            If the sandbox could show what it must not.
        """
        if self.sandbox.is_none:
            return await super().pre_launch(**kwargs)
        manager: Any = self.parent
        folder = Path(kwargs.get("cwd") or os.curdir).resolve()
        self.sandbox.refuse_to_show(folder)
        self.workspace = SandboxRuntime.of_this_process().workspace()
        for name in self.workspace.populate(folder, most=self.sandbox.limits.disk // 2):
            self.log.warning("Sandbox: %r is no regular file or too large; the kernel does not get it", name)
        manager.transport, manager.ip = "ipc", self.workspace.address
        for channel, port in self.workspace.ports.items():
            setattr(manager, channel, port)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return {"cmd": [], "env": kwargs.get("env", os.environ)}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel.

        Raises
        ------
        SandboxError
            If no sandbox can be put up.
        """
        if self.sandbox.is_none:
            return await super().launch_kernel(cmd, **kwargs)
        manager: Any = self.parent
        session = manager.session
        kernel = {"key": session.key.decode(), "scheme": session.signature_scheme}
        try:
            workspace = self._prepared()
            started = await asyncio.to_thread(self.sandbox.start, workspace, kernel, kwargs["env"])
        except BaseException:
            self._clear()
            raise
        self.started, self.pid = started, started.kernel.number
        workspace.close_listeners()
        return self.connection_info

    def _prepared(self) -> Workspace:
        """Return the workspace that `pre_launch` made."""
        if self.workspace is None:
            raise RuntimeError("a kernel is launched before its workspace is prepared")
        return self.workspace

    async def poll(self) -> int | None:
        """Return the kernel's exit code, None if it runs."""
        if self.sandbox.is_none:
            return await super().poll()
        end = self.started.kernel.look() if self.started else {"ended": 0}
        if end and "failed" in end:
            self.log.error("Sandbox: the kernel did not start: %s", end["failed"])
        return None if end is None else int(end["ended"])

    async def wait(self) -> int | None:
        """Wait for the kernel's end, and return its exit code."""
        if self.sandbox.is_none:
            return await super().wait()
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.01)
        self._close()
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's own process."""
        if self.sandbox.is_none:
            await super().send_signal(signum)
        elif self.started:
            self.started.kernel.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and all that it started."""
        if self.sandbox.is_none:
            await super().kill(restart)
        else:
            self._close()

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel, and all that it started: there is nothing in it to save."""
        if self.sandbox.is_none:
            await super().terminate(restart)
        else:
            self._close()

    async def shutdown_requested(self, restart: bool = False) -> None:
        """End the kernel at once, rather than let a student's code delay its end."""
        if not self.sandbox.is_none:
            self._close()

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the kernel left."""
        if self.sandbox.is_none:
            await super().cleanup(restart)
        else:
            self._clear()

    def _close(self) -> None:
        if self.started:
            self.started.close()
            self.started = None

    def _clear(self) -> None:
        self._close()
        if self.workspace:
            self.workspace.clear()
            self.workspace = None
