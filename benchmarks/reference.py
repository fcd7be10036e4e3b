"""Our pooling beside the alternatives, in one run: how many times as long each takes.

Every contender is first held against our result. Then all are timed in turn, round after round, each on one
thread, by the processor's time; the shortest of each counts. So other programs disturb the ratios little.
PyTorch and scikit-image are compared where they are installed:

    .venv/bin/python -m pip install torch==2.13.0 scikit-image==0.26.0
    .venv/bin/python benchmarks/reference.py
"""

import argparse
import importlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pooling_ref import avg_pool2d, max_pool2d

RESULTS = Path(__file__).parent / "results" / "reference.json"
LOOP_PLANES = 4  # the naive loop only pools so many planes; its time is scaled up to all of them

FEWEST, ENOUGH_SECONDS = 3, 0.8  # a slow contender sits the other rounds out
INSTALL = ".venv/bin/python -m pip install torch==2.13.0 scikit-image==0.26.0"

# Shape, window, stride.
GEOMETRIES = [
    ((32, 64, 56, 56), 2, 2),
    ((32, 64, 56, 56), 3, 2),
    ((32, 64, 56, 56), 3, 1),
    ((8, 16, 224, 224), 2, 2),
]
DTYPES = ["float32", "uint8"]
CONTENDERS = {
    "copy": "copying the input",
    "result": "filling an array of the result's shape and dtype: what writing it takes at least",
    "torch": "PyTorch, one thread, NCHW",
    "torch channels last": "PyTorch, one thread, channels last",
    "block_reduce": "skimage.measure.block_reduce",
    "windows view": "sliding_window_view, one line",
    "loop": f"a Python loop over the windows (scaled up from {LOOP_PLANES} planes)",
}
LIMITS = ("copy", "result")  # no contenders: what moving the numbers takes


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    pool: str
    dtype: str
    shape: tuple[int, int, int, int]
    kernel: int
    stride: int

    def __str__(self) -> str:
        return f"{self.pool} {self.dtype:7} {'×'.join(map(str, self.shape)):12} k{self.kernel} s{self.stride}"


def optional(module: str):
    """Import a module, or give None where it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


def loop(case: Case, x: np.ndarray) -> np.ndarray:
    """Pool as one does at first: window by window."""
    planes = x.reshape(-1, *x.shape[-2:])[:LOOP_PLANES]
    rows, columns = ((size - case.kernel) // case.stride + 1 for size in x.shape[-2:])
    dtype = x.dtype if case.pool == "max" or x.dtype.kind == "f" else float
    pooled = np.empty((len(planes), rows, columns), dtype)
    for plane, i, j in np.ndindex(pooled.shape):
        top, left = i * case.stride, j * case.stride
        window = planes[plane, top : top + case.kernel, left : left + case.kernel]
        pooled[plane, i, j] = window.max() if case.pool == "max" else window.mean()
    return pooled


def contenders(case: Case, x: np.ndarray) -> dict[str, Callable[[], object]]:
    """Give all that can pool this case, ready to be called."""
    kernel, stride = case.kernel, case.stride
    ours = max_pool2d if case.pool == "max" else avg_pool2d
    reduce = np.max if case.pool == "max" else np.mean
    like = ours(x, kernel, stride)
    found = {
        "ours": lambda: ours(x, kernel, stride),
        "copy": x.copy,
        "result": lambda: np.full(like.shape, 1, like.dtype),
        "windows view": lambda: reduce(
            sliding_window_view(x, (kernel, kernel), (-2, -1))[..., ::stride, ::stride, :, :], (-2, -1)
        ),
        "loop": lambda: loop(case, x),
    }
    if (measure := optional("skimage.measure")) and kernel == stride:
        found["block_reduce"] = lambda: measure.block_reduce(x, (1, 1, kernel, kernel), reduce)
    if torch := optional("torch"):
        torch.set_num_threads(1)
        pool = getattr(torch.nn.functional, f"{case.pool}_pool2d")
        rows = torch.from_numpy(x)
        channels = rows.contiguous(memory_format=torch.channels_last)
        found["torch"] = lambda: pool(rows, kernel, stride)
        found["torch channels last"] = lambda: pool(channels, kernel, stride)
    return found


def agreeing(case: Case, found: dict[str, Callable[[], object]]) -> Iterator[tuple[str, Callable]]:
    """Keep those that can do the case at all, and see that they all find the same."""
    expected = np.asarray(found["ours"]())
    for name, pool in found.items():
        try:
            pooled = np.asarray(pool())
        except RuntimeError:  # PyTorch does not average uint8, nor pool it with channels last
            continue
        if name == "loop":
            np.testing.assert_allclose(pooled, expected.reshape(-1, *expected.shape[2:])[:LOOP_PLANES], 1e-5)
        elif name not in LIMITS:
            np.testing.assert_allclose(pooled, expected, rtol=1e-5)
        yield name, pool


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Time all contenders in turn; give the shortest seconds of each."""
    x = np.random.default_rng(0).integers(0, 256, case.shape).astype(case.dtype)
    pools = dict(agreeing(case, contenders(case, x)))
    seconds = {name: [] for name in pools}
    for _ in range(rounds):
        for name, pool in pools.items():
            if len(seconds[name]) >= FEWEST and sum(seconds[name]) > ENOUGH_SECONDS:
                continue
            start = time.process_time()
            pool()
            seconds[name].append(time.process_time() - start)
    shortest = {name: min(times) for name, times in seconds.items()}
    shortest["loop"] *= case.shape[0] * case.shape[1] / LOOP_PLANES
    return shortest


def ratio(number: float | None) -> str:
    """Write a ratio with what is worth reading of it."""
    if number is None:
        return "-"
    return f"{number:.2f}" if number < 10 else f"{number:.0f}"


def table(rows: list[dict]) -> str:
    """Lay the ratios out as a Markdown table."""
    names = [name for name in CONTENDERS if name not in LIMITS]
    header = ["pooling", "ours", "ours ÷ copy", "result ÷ copy", *(f"{name} ÷ ours" for name in names)]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for row in rows:
        ratios = [ratio(row["to_ours"].get(name)) for name in names]
        limits = [ratio(row["ours_to_copy"]), ratio(row["result_to_copy"])]
        lines.append([row["name"], f"{row['ours_ms']:.2f} ms", *limits, *ratios])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def installed(package: str) -> str | None:
    """Give a package's version, or None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Measure, print the table, and write it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes (%(default)s)")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of timing (%(default)s)")
    options = parser.parse_args()

    versions = {package: installed(package) for package in ("numpy", "torch", "scikit-image")}
    for package, found in versions.items():
        if not found:
            print(f"{package} is missing, so its columns stay empty. To get it: {INSTALL}")
    rows = []
    for pool in ("max", "avg"):
        for geometry in GEOMETRIES:
            for dtype in DTYPES:
                case = Case(pool, dtype, *geometry)
                seconds = measure(case, options.rounds)
                ours = seconds.pop("ours")
                rows.append(
                    {
                        "name": str(case),
                        **asdict(case),
                        "ours_ms": ours * 1e3,
                        "ours_to_copy": ours / seconds["copy"],
                        "result_to_copy": seconds["result"] / seconds["copy"],
                        "to_ours": {name: taken / ours for name, taken in seconds.items()},
                    }
                )
    print(table(rows))
    print("\nA number over 1 in the last columns: so many times as long as ours. The columns:")
    print("\n".join(f"  {name}: {meaning}" for name, meaning in CONTENDERS.items()))
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"machine": {**machine, **versions}, "rows": rows}, indent=2) + "\n")
    print(f"\nWritten to {options.output}")


if __name__ == "__main__":
    main()
