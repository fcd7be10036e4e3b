"""What grading a class costs: stock nbgrader beside ours with one job and with two, in one run.

The class repeats the demo class's recipes; each contender grades the same submissions by its command, its
start included. Stock is nbgrader without changes, with the ordinary python3 kernel and the hidden tests in
it. Since a machine's speed varies, ours are measured before and after stock, and the mean counts. The honest
class contains only notebooks that end; the mixed one also an endless loop, which takes the cell's time-out on
either side. The scores of honest submissions are compared. The floor is the same cells, one after another, in
one bare IPython shell.

    .venv/bin/python -m benchmarks.grading --sizes 24 120
"""

import argparse
import compileall
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import mean
from threading import Event, Thread
from typing import Any

import nbformat
import psutil
from nbgrader.api import Gradebook

from classroom.gradebook import columns, row_of
from classroom.recipe import Recipe, load_class
from classroom.submit import hand_in

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).parent / "results" / "grading.json"
ASSIGNMENT, NOTEBOOK = "max-pooling", "max_pooling"
TIMEOUT = 20  # seconds for a cell, on both sides
FOLDERS = ("source", "release", "pooling_lab", "pooling_ref", "engine", "classroom", "benchmarks")

STOCK = f"""
import os, sys
c = get_config()
root = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, root)
os.environ["PYTHONPATH"] = root
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
c.CourseDirectory.course_id = "pooling"
c.CourseDirectory.root = root
c.Execute.timeout = {TIMEOUT}
"""
NBGRADER = [str(Path(sys.executable).with_name("nbgrader"))]
OURS = [sys.executable, "-m", "nbgrader_sealed", "grade", ASSIGNMENT, "--jobs"]
CONTENDERS: dict[str, list[str]] = {
    "stock": [*NBGRADER, "autograde", ASSIGNMENT],
    "ours, 1 job": [*OURS, "1"],
    "ours, 2 jobs": [*OURS, "2"],
}
ORDER = ("ours, 2 jobs", "ours, 1 job", "stock", "ours, 1 job", "ours, 2 jobs")
SAMPLE_INTERVAL = 2.0  # seconds between two samples of the memory; one takes a thirtieth of a second


def honest(recipe: Recipe) -> bool:
    """Return whether stock nbgrader can grade a submission."""
    odd = recipe.deleted or recipe.duplicated or recipe.file != "whole"
    return not odd and "loop" not in recipe.what and "SystemExit" not in recipe.what


def class_of(size: int, with_loops: bool) -> list[Recipe]:
    """Return a class of a size, each student with a unique id."""
    recipes = [each for each in load_class() if each.assignment == ASSIGNMENT and each.scores]
    kept = [each for each in recipes if honest(each) or (with_loops and "endless loop" in each.what)]
    return [
        replace(each, student=f"demo-{number:03}") for number, each in enumerate(islice(cycle(kept), size))
    ]


def prepare(folder: Path) -> Path:
    """Copy the course, and generate the assignment into its gradebook."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
    shutil.copy2(ROOT / "nbgrader_config.py", folder)
    compileall.compile_dir(folder, quiet=1)  # as in a course in use
    subprocess.run(
        [*NBGRADER, "generate_assignment", ASSIGNMENT], cwd=folder, check=True, capture_output=True
    )
    return folder


def course_for(name: str, prepared: Path, folder: Path, recipes: list[Recipe]) -> Path:
    """Return a fresh copy of the course with the class's submissions."""
    shutil.copytree(prepared, folder)
    if name == "stock":
        (folder / "nbgrader_config.py").write_text(STOCK)
    for recipe in recipes:
        hand_in(folder, recipe)
    return folder


class Memory(Thread):
    """Sample the memory of a process and its descendants (shared pages counted once).

    Attributes
    ----------
    peak
        The largest sample, in bytes.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(process)
        self.over = Event()
        self.peak = 0

    def run(self) -> None:
        """Sample until the measurement is over."""
        while not self.over.wait(SAMPLE_INTERVAL):
            self.peak = max(self.peak, sum(map(memory_of, self._family())))

    def _family(self) -> list[psutil.Process]:
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.Error:
            return []


def memory_of(process: psutil.Process) -> int:
    """Return the memory of a process, with its share of shared pages; 0 if it is gone."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def measure(name: str, course: Path, recipes: list[Recipe]) -> dict[str, Any]:
    """Let a contender grade a course once, and return its time, memory and scores."""
    began = time.perf_counter()
    process = subprocess.Popen(
        CONTENDERS[name], cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    memory = Memory(process.pid)
    memory.start()
    process.wait()
    seconds = time.perf_counter() - began
    memory.over.set()
    memory.join()
    return {"seconds": seconds, "peak memory": memory.peak, "scores": scores(course, recipes)}


def scores(course: Path, recipes: list[Recipe]) -> dict[str, dict[str, float]]:
    """Return the points by student and task."""
    titles = {cell.id: cell.title for cell in columns(course, ASSIGNMENT, "es")}
    found = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for recipe in recipes:
            row = row_of(course, gradebook, recipe)
            found[recipe.student] = {titles[cell]: points for cell, points in row.scores.items()}
    return found


def compare(recipes: list[Recipe], name: str, given: dict[str, dict[str, float]]) -> None:
    """Check that a contender gave honest submissions the points of their recipes.

    Raises
    ------
    AssertionError
        If it did not.
    """
    for recipe in filter(honest, recipes):
        for task, expected in recipe.scores.items():
            got = given[recipe.student][task]
            if got is None or abs(got - expected) > 0.005:
                raise AssertionError(f"{name}: {recipe.student}, {recipe.what}: {task} {got}, {expected}")


def parts(course: Path) -> dict[str, float]:
    """Grade a course in this process, and return the seconds per notebook of each part.

    The parts are those of `./course grade` with one job, without its second process.
    """
    os.chdir(course)
    sys.path.insert(0, str(course))
    from nbgrader_sealed.batch.grade import GradeApp, Grading
    from nbgrader_sealed.execution.hidden_tests import HiddenNamespace
    from nbgrader_sealed.execution.kernel_client import StudentKernel
    from nbgrader_sealed.private.nbgrader import keep_gradebooks_open
    from rich.console import Console

    spent: dict[str, float] = {}

    def timed(part: str, method: Callable, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            spent[part] = spent.get(part, 0) + time.perf_counter() - began

    for owner, name, part in (
        (StudentKernel, "start", "kernel ready"),
        (StudentKernel, "stop", "kernel's end"),
        (StudentKernel, "execute", "student's cells"),
        (HiddenNamespace, "run", "hidden tests"),
    ):
        method = getattr(owner, name)
        setattr(owner, name, lambda self, *a, _m=method, _p=part, **k: timed(_p, partial(_m, self), *a, **k))

    app = GradeApp()
    app.initialize([ASSIGNMENT])
    app.course.assignment_id = ASSIGNMENT
    grading = Grading(app, Console(quiet=True))
    grading.converter.prepare()
    with keep_gradebooks_open(), grading.converter.staging():
        grading._warm_up()
        first, *todo = grading.converter.submissions()
        _grade(grading.converter, first)  # includes loading, and does not count
        spent.clear()
        began = time.perf_counter()
        for submission in todo:
            _grade(grading.converter, submission)
        whole = time.perf_counter() - began
    spent["nbgrader's own work"] = whole - sum(spent.values())
    return {part: seconds / len(todo) for part, seconds in {**spent, "all": whole}.items()}


def _grade(converter: Any, submission: Any) -> None:
    for step in (converter.begin, converter.run, converter.save):
        step(submission)
    if submission.problem:
        raise RuntimeError(f"{submission.student}: {submission.problem}")


def floor(course: Path) -> dict[str, float]:
    """Run the class's cells in one bare IPython shell, and return the seconds per notebook."""
    os.chdir(course)
    sys.path.insert(0, str(course))
    os.environ |= {"NBGRADER_EXECUTION": "autograde", "MPLBACKEND": "Agg"}
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        notebook = gradebook.find_notebook(NOTEBOOK, ASSIGNMENT)
        tests = {cell.name: cell.source for cell in notebook.source_cells if cell.locked}
    shell: Any = InteractiveShell.instance()
    shell.history_manager.enabled = False
    with capture_output():
        shell.run_cell("import matplotlib.pyplot, ipywidgets, numpy, pooling_lab, pooling_ref.checks")
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(course.glob("submitted/*/*/*.ipynb"))]
    began = time.perf_counter()
    for nb in notebooks:
        shell.reset(new_session=True)
        for cell in nb.cells:
            if cell.cell_type == "code":
                with capture_output():
                    shell.run_cell(tests.get(cell.id, cell.source))
    return {"all": (time.perf_counter() - began) / len(notebooks)}


def aside(what: str, course: Path) -> dict[str, float]:
    """Run `parts` or `floor` in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grading", "--only-this", what, str(course)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{what}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_class(prepared: Path, recipes: list[Recipe], names: list[str], title: str) -> dict[str, Any]:
    """Let each contender grade one class; print and return the results."""
    print(f"\n{title}: {len(recipes)} submissions")
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name in (each for each in ORDER if each in names):
        with tempfile.TemporaryDirectory() as folder:
            course = course_for(name, prepared, Path(folder) / "course", recipes)
            runs[name].append(measure(name, course, recipes))
        compare(recipes, name, runs[name][-1].pop("scores"))
    found = {name: summary(done, len(recipes)) for name, done in runs.items()}
    for name in names:
        print(line(name, found))
    return found


def summary(runs: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """Return one contender's runs with their mean and maximum."""
    seconds = mean(run["seconds"] for run in runs)
    peak = max(run["peak memory"] for run in runs)
    return {
        "seconds": seconds,
        "seconds per notebook": seconds / size,
        "peak memory": peak,
        "runs": [run["seconds"] for run in runs],
    }


def line(name: str, found: dict[str, dict[str, Any]]) -> str:
    """Return one contender's line."""
    each, stock = found[name], found.get("stock")
    times = f"{stock['seconds'] / each['seconds']:6.1f}x stock" if stock else ""
    runs = ", ".join(f"{seconds:.1f}" for seconds in each["runs"])
    return (
        f"  {name:14}{each['seconds']:8.1f} s {each['seconds per notebook']:8.3f} s a notebook {times}"
        f"{each['peak memory'] / 2**20:8.0f} MB at most   (runs: {runs})"
    )


def two_or_more(text: str) -> int:
    """Parse the size of a class, of which the first notebook does not count."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"a class needs two or more, not {text!r}")
    return int(text)


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=two_or_more, default=[24, 120], metavar="N")
    parser.add_argument("--only-honest", action="store_true", help="no class with an endless loop")
    parser.add_argument("--without-stock", action="store_true", help="only ours, with no ratio")
    parser.add_argument("--only-this", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only_this:
        what, course = asked.only_this
        print(json.dumps({"parts": parts, "floor": floor}[what](Path(course))))
        return
    names = [name for name in CONTENDERS if not (asked.without_stock and name == "stock")]
    load = os.getloadavg()
    classes: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(Path(folder) / "prepared")
        for size in asked.sizes:
            for with_loops in (False,) if asked.only_honest else (False, True):
                recipes = class_of(size, with_loops)
                title = "with the endless loop" if with_loops else "honest"
                loops = sum("endless loop" in each.what for each in recipes)
                found = measure_class(prepared, recipes, names, title)
                classes.append({"size": size, "loops": loops, "found": found})
                if loops:
                    print(f"  of which the time-outs take {loops} x {TIMEOUT} s, of each contender's one job")
        course = course_for("ours", prepared, Path(folder) / "aside", class_of(asked.sizes[0], False))
        bare = aside("floor", course)
        spent = aside("parts", course)
    print("\nwhere ours spends it, in one process, seconds a notebook:")
    for part, seconds in spent.items():
        print(f"  {part:22}{seconds:8.3f}")
    print(f"floor, the same cells in one bare IPython shell: {bare['all']:.3f}")
    machine = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "load": load,
        "python": platform.python_version(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"classes": classes, "parts": spent, "floor": bare, "machine": machine}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
