"""From a key press on a slider to the changed picture: the explorer beside `interact` with Matplotlib.

Both run in one real JupyterLab, in one headless Chromium, one after the other; once as they are, once with a
round trip of 150 ms put between the browser and the server, as behind Binder. A time runs from the key's own
time stamp to the end of the first frame that shows the change.

    .venv/bin/python -m benchmarks.explorer
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import chromium, free_port, open_notebook, run_all, serve_lab, write_notebook

RESULTS = Path(__file__).parent / "results" / "explorer.json"
ROUND_TRIPS = (0, 150)  # milliseconds
SIZES = (4, 28)
PRESSES = {"explore": 40, "interact": 10}
FRAME = 16  # milliseconds: the median may take one, the slowest twentieth two
SLIDERS = {"explore": ".pooling-control-{slider} .noUi-handle", "interact": ".widget-interact .noUi-handle"}
PICTURES = {"explore": ".pooling-figure", "interact": ".widget-interact .widget-output"}

EXPLORE = """
import numpy as np
from pooling_lab import explore
explore(np.random.default_rng(0).integers(0, 256, ({size}, {size})), kernel_size=2)
"""

INTERACT = """
%matplotlib inline
import numpy as np
import matplotlib.pyplot as plt
from ipywidgets import IntSlider, interact

x = np.random.default_rng(0).integers(0, 256, ({size}, {size}))
half = {size} // 2

def draw(position):
    row, column = divmod(position, half)
    y = x.reshape(half, 2, half, 2).max(axis=(1, 3)).astype(float)
    y.flat[position + 1:] = np.nan
    figure, axes = plt.subplots(1, 2, figsize=(9, 5))
    for values, ax in zip((x, y), axes):
        ax.imshow(values, cmap="Blues", vmin=0, vmax=255)
        for (r, c), value in np.ndenumerate(values):
            if np.isfinite(value):
                ax.text(c, r, f"{{value:.0f}}", ha="center", va="center", fontsize=6)
    axes[0].add_patch(plt.Rectangle((2 * column - 0.5, 2 * row - 0.5), 2, 2, fill=False, edgecolor="red"))
    plt.show()

interact(draw, position=IntSlider(0, 0, half * half - 1))
"""

# A key starts the clock; the first change of the picture, once painted, stops it.
WATCH = """([slider, picture, isImage]) => {
    window.times = [];
    let start = null;
    document.querySelector(slider).addEventListener("keydown", event => (start = event.timeStamp), true);
    const painted = began => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.times.push(performance.now() - began);
        channel.port2.postMessage(null);
    });
    new MutationObserver(() => {
        const image = document.querySelector(picture + " img");
        if (start === null || (isImage && (!image || image === window.lastImage))) return;
        const began = start;
        start = null;
        window.lastImage = image;
        isImage ? image.decode().then(() => painted(began)) : painted(began);
    }).observe(document.querySelector(picture), { childList: true, subtree: true, attributes: true });
}"""


@contextmanager
def delayed(address: str, round_trip: float) -> Iterator[str]:
    """Yield an address that leads to the same server, every byte later by half of the round trip."""
    if not round_trip:
        yield address
        return
    server_port, port = int(address.rstrip("/").rsplit(":", 1)[1]), free_port()
    loop = asyncio.new_event_loop()

    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            loop.call_later(round_trip / 2000, writer.write, data)
        loop.call_later(round_trip / 2000, writer.close)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server_port)
        await asyncio.gather(later(reader, back), later(there, writer), return_exceptions=True)

    def stop() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.call_soon(loop.stop)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.start_server(connect, "127.0.0.1", port)
    asyncio.run_coroutine_threadsafe(listening, loop).result()
    yield f"http://127.0.0.1:{port}/"
    loop.call_soon_threadsafe(stop)
    thread.join()


def measure(page: Page, way: str, slider: str) -> list[float]:
    """Press arrow keys on one slider, and return the milliseconds until each changed picture."""
    handle = SLIDERS[way].format(slider=slider)
    page.locator(handle).first.wait_for(timeout=120_000)
    page.locator(PICTURES[way]).first.wait_for(timeout=120_000)
    page.wait_for_timeout(3_000)
    page.evaluate(WATCH, [handle, PICTURES[way], way == "interact"])
    page.locator(handle).first.focus()
    for press in range(PRESSES[way] + 3):
        page.keyboard.press("ArrowRight" if press % 2 == 0 else "ArrowLeft")
        page.wait_for_function("count => window.times.length > count", arg=press, timeout=60_000)
        page.wait_for_timeout(60)
    return page.evaluate("window.times")[3:]  # the first ones warm up


def summary(times: list[float]) -> dict[str, float]:
    return {
        "median": statistics.median(times),
        "p95": sorted(times)[int(len(times) * 0.95)],
        "presses": len(times),
    }


def rows(folder: Path) -> Iterator[dict]:
    with chromium() as browser, serve_lab(folder) as server:
        for round_trip in ROUND_TRIPS:
            with delayed(server, round_trip) as address:
                for size in SIZES:
                    for way, slider, source in (
                        ("explore", "position", EXPLORE),
                        ("explore", "window_height", EXPLORE),
                        ("interact", "position", INTERACT),
                    ):
                        write_notebook(folder / "bench.ipynb", source.format(size=size))
                        page = browser.new_page(viewport={"width": 1280, "height": 1000})
                        page.set_default_timeout(120_000)
                        open_notebook(page, address, "bench.ipynb")
                        run_all(page)
                        times = summary(measure(page, way, slider))
                        page.close()
                        yield {"size": size, "round_trip": round_trip, "way": way, "slider": slider, **times}


LINE = "{input:>8}{round_trip:>9} ms  {way:<9}{slider:<14}{median:>8.1f} ms{p95:>8.1f} ms{ratio:>9.1f} ×"


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    found = []
    print("   input  round trip  way      slider          median         p95   beside explore")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            found.append(row)
            own = next(r for r in found if (r["size"], r["round_trip"]) == (row["size"], row["round_trip"]))
            row["ratio"] = row["median"] / own["median"]
            print(LINE.format(input=f"{row['size']} × {row['size']}", **row), flush=True)
    ours = [row for row in found if row["way"] == "explore"]
    kept = all(row["median"] <= FRAME and row["p95"] <= 2 * FRAME + 1 for row in ours)
    print(f"one frame at the median and two at the 95th percentile: {'kept' if kept else 'NOT kept'}")
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"machine": platform.machine(), "load": os.getloadavg()[0], "kept": kept, "rows": found}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
