"""How long until a kernel is ready, by kind of sandbox and way to start, beside a plain kernel, in one run.

Ready means: it has answered the first request, and has run a first cell that imports what the course's
notebooks import. All contenders take turns; the median of each counts.

    .venv/bin/python -m benchmarks.kernel_start
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import KernelManager
from nbgrader_sealed.configuration import KERNEL
from nbgrader_sealed.sandbox.fork_server import SandboxError
from traitlets.config import Config

RESULTS = Path(__file__).parent / "results" / "kernel_start.json"
MODULES = ["numpy", "matplotlib.pyplot", "ipywidgets", "pooling_lab"]
FIRST_CELL = "\n".join(f"import {module}" for module in MODULES)
PLAIN = "a plain Jupyter kernel"
CONTENDERS = {
    PLAIN: None,
    "bubblewrap, cold": ("bubblewrap", False),
    "bubblewrap, warm": ("bubblewrap", True),
    "Landlock, cold": ("landlock", False),
    "Landlock, warm": ("landlock", True),
}


def manager_of(way: tuple[str, bool] | None) -> KernelManager:
    """Return a manager of a kernel that has not been started."""
    if way is None:
        return KernelManager(kernel_name="python3")
    config = Config()
    config.Sandbox.kind, config.Sandbox.warm = way
    config.Sandbox.packages = ["pooling_lab"]
    config.Sandbox.preload = MODULES
    return KernelManager(kernel_name=KERNEL, config=config)


def one_start(way: tuple[str, bool] | None, folder: str) -> dict[str, float]:
    """Start a kernel, run the first cell, end it; return the seconds that each took."""
    began = time.perf_counter()
    manager = manager_of(way)
    manager.start_kernel(cwd=folder)
    client: Any = manager.client()
    client.start_channels(hb=False)
    try:
        client.kernel_info(reply=True, timeout=60)
        ready = time.perf_counter()
        reply = client.execute(FIRST_CELL, reply=True, timeout=60)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the first cell failed: {reply['content']}")
        imported = time.perf_counter()
    finally:
        client.stop_channels()
        ending = time.perf_counter()
        manager.shutdown_kernel(now=True)
        ended = time.perf_counter()
    return {"ready": ready - began, "imports": imported - ready, "end": ended - ending}


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return the medians of each contender, the first start of each, which loads, left out."""
    times: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds + 1):
            for name, way in CONTENDERS.items():
                try:
                    seconds = one_start(way, folder)
                except SandboxError as error:
                    print(f"{name}: {error}")
                    continue
                if turn:
                    times.setdefault(name, []).append(seconds)
    return {name: medians(all_times) for name, all_times in times.items()}


def medians(times: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each part."""
    return {part: statistics.median(each[part] for each in times) for part in times[0]}


def table(found: dict[str, dict[str, float]]) -> str:
    """Return the result for reading."""
    whole: Callable[[str], float] = lambda name: found[name]["ready"] + found[name]["imports"]  # noqa: E731
    lines = [f"{'':24} {'ready':>8} {'imports':>8} {'end':>8}   times as fast as plain"]
    for name, parts in found.items():
        seconds = " ".join(f"{parts[part]:7.3f}s" for part in ("ready", "imports", "end"))
        lines.append(f"{name:24} {seconds}   {whole(PLAIN) / whole(name):5.1f}")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    found = measure(parser.parse_args().rounds)
    print(table(found))
    machine = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "load": os.getloadavg(),
        "python": platform.python_version(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"seconds": found, "machine": machine}, indent=1) + "\n")


if __name__ == "__main__":
    main()
