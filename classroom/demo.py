"""The main job from nothing, with a demo class: `./course demo`.

Release, hand in, autograde, give feedback, export, and print the gradebook. Every run starts the demo class
anew; what belongs to students whose id does not begin with `demo-` is left alone.
"""

import argparse
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.plugins import CsvExportPlugin
from nbgrader_sealed.authoring.release import load_config, release
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .gradebook import columns, remark_on, row_of, table_of
from .recipe import PREFIX, Recipe, load_class
from .submit import DUE, forget, hand_in

LOG, GRADES = "demo.log", "demo-grades.csv"

# What the log of a grading tells, and how the table says it: of the whole file (then nothing else counts) ...
UNREADABLE = {
    r"JSONDecodeError|NotJSONError": "the notebook is not valid JSON",
    r"No notebooks (were matched|found)": "no notebook was handed in",
}
# ... and of its cells.
MENDED = {
    r"Cell (\S+) is missing": "{} was missing, and is put back",
    r"Cell (\S+) occurs more than once": "{} stood there more than once, and the last one counts",
}


class Failed(Exception):
    """The demo could not do its work; the text says why."""


class Demo:
    """One run of the demo class in the course at `root`.

    Attributes
    ----------
    noticed
        What was striking about a submission, by student and assignment.
    """

    def __init__(self, root: Path, console: Console, only: list[str]) -> None:
        self.root, self.console = root, console
        self.recipes = [recipe for recipe in load_class() if not only or recipe.student in only]
        unknown = sorted(set(only) - {recipe.student for recipe in self.recipes})
        if unknown:
            raise Failed(f"--only: the demo class has no {', '.join(unknown)}")
        self.api = NbGraderAPI(config=load_config(root))
        self.log = root / LOG
        self.noticed: dict[tuple[str, str], list[str]] = {}

    def run(self) -> None:
        """Do every step, and print each before it begins.

        Raises
        ------
        Failed
            Where a step failed, or where a submission was not graded that can be.
        """
        self.log.write_text("", encoding="utf-8")
        steps: list[tuple[str, Callable[[], None]]] = [
            ("Release: source/ → release/", self.release),
            (f"Hand in: {len(self.recipes)} submissions → submitted/", self.hand_in),
            ("Autograde: submitted/ → autograded/", self.autograde),
            ("Feedback: autograded/ → feedback/", self.feedback),
            (f"Export: gradebook.db → {GRADES}", self.export),
            ("The gradebook", self.report),
        ]
        for number, (title, step) in enumerate(steps, start=1):
            self.console.rule(f"[bold]{number}. {title}", align="left")
            step()
        lost = [r for r in self.recipes if r.scores and not self.graded(r)]
        if lost:
            why = ", ".join(self.noticed[lost[0].student, lost[0].assignment])
            raise Failed(f"{len(lost)} of {len(self.recipes)} submissions were wrongly not graded: {why}")

    def release(self) -> None:
        """Generate every assignment in every language, and forget the demo class of an earlier run."""
        forget(self.root)
        with self.api.gradebook as gradebook:
            for student in gradebook.students:
                if (name := str(student.id)).startswith(PREFIX):
                    gradebook.remove_student(name)
        try:
            release(self.root, [])
        except (ValueError, RuntimeError) as error:
            raise Failed(f"release/ could not be generated.\n{error}") from error

    def hand_in(self) -> None:
        """Write the submissions, and enrol their students."""
        with self.api.gradebook as gradebook:
            due = {name: self.due_date(gradebook, name) for name in {r.assignment for r in self.recipes}}
            for student in {recipe.student for recipe in self.recipes}:
                first = student.removeprefix(PREFIX).title()
                names: dict[str, Any] = {"first_name": first, "last_name": "Demo"}
                gradebook.update_or_create_student(student, **names)
        for recipe in self.recipes:
            hand_in(self.root, recipe, due[recipe.assignment])
        self.console.print(
            "Due:", ", ".join(f"{name} {date:%Y-%m-%d %H:%M} UTC" for name, date in sorted(due.items()))
        )

    def due_date(self, gradebook: Gradebook, assignment: str) -> datetime:
        """Return the assignment's due date; if it has none yet, the demo's becomes it."""
        try:
            found = gradebook.find_assignment(assignment)
        except MissingEntry as error:
            raise Failed(f"source/ has no assignment {assignment}, which the demo class hands in") from error
        due: Any = found.duedate
        if due is None:
            due = DUE
            gradebook.update_or_create_assignment(assignment, **{"duedate": due})
        return due

    def autograde(self) -> None:
        """Autograde every submission; one that cannot be graded gets its line, and the others go on."""
        for number, recipe in enumerate(self.recipes, start=1):
            started = time.monotonic()
            result = self.api.autograde(recipe.assignment, recipe.student)
            self.keep_log("autograde", recipe, result)
            self.noticed[recipe.student, recipe.assignment] = noticed_in(result)
            self.console.print(
                f"{number:3}/{len(self.recipes)}  {recipe.student:13} {recipe.assignment:16}"
                f"{time.monotonic() - started:6.1f} s  {self.outcome(recipe)}",
                highlight=False,
                soft_wrap=True,
            )

    def outcome(self, recipe: Recipe) -> str:
        """Return the points of a submission, and what was striking about it."""
        with self.api.gradebook as gradebook:
            row = row_of(self.root, gradebook, recipe)
        points = f"{row.total:g} points" if row.scores else "[red]not graded[/red]"
        return ": ".join([points, *map(escape, self.noticed[recipe.student, recipe.assignment])])

    def feedback(self) -> None:
        """Write the feedback pages of what was graded."""
        graded = [recipe for recipe in self.recipes if self.graded(recipe)]
        for recipe in graded:
            result = self.api.generate_feedback(recipe.assignment, recipe.student)
            self.keep_log("generate_feedback", recipe, result)
            if not result["success"]:
                raise Failed(f"No feedback for {recipe.student}, {recipe.assignment}; see {LOG}")
        self.console.print(f"{len(graded)} pages")

    def export(self) -> None:
        """Export the demo class's grades as nbgrader does, beside the real class's."""
        students = sorted({recipe.student for recipe in self.recipes})
        plugin = CsvExportPlugin(parent=self.api, to=str(self.root / GRADES), student=students)
        with self.api.gradebook as gradebook:
            plugin.export(gradebook)

    def report(self) -> None:
        """Print the gradebook, where everything lies, and what to type next."""
        with self.api.gradebook as gradebook:
            for assignment in sorted({recipe.assignment for recipe in self.recipes}):
                self.console.print(self.table(gradebook, assignment))
        self.console.print(
            f"[bold]pending[/bold]: a written answer, which waits for a person (./course formgrader)\n\n"
            f"gradebook   {self.root / 'gradebook.db'}\n"
            f"feedback    {self.root / 'feedback'}/STUDENT/ASSIGNMENT/*.html\n"
            f"grades      {self.root / GRADES}\n"
            f"log         {self.log}\n\n"
            "Next: [bold]./course lab[/bold] opens JupyterLab at the released course,\n"
            "      [bold]./course formgrader[/bold] opens nbgrader's own pages.",
            highlight=False,
            soft_wrap=True,
        )

    def table(self, gradebook: Gradebook, assignment: str) -> Table:
        """Return one assignment's part of the gradebook."""
        recipes = [recipe for recipe in self.recipes if recipe.assignment == assignment]
        rows = []
        for recipe in recipes:
            row = row_of(self.root, gradebook, recipe)
            noticed = self.noticed[recipe.student, assignment]
            rows.append((recipe, row, escape(remark_on(row, noticed))))
        return table_of(assignment, columns(self.root, assignment, recipes[0].language), rows)

    def graded(self, recipe: Recipe) -> bool:
        """Return whether nbgrader could grade a submission."""
        return (self.root / "autograded" / recipe.student / recipe.assignment).is_dir()

    def keep_log(self, step: str, recipe: Recipe, result: dict) -> None:
        """Add nbgrader's log to the demo's; a Ctrl-C that nbgrader caught goes on from here."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"== {step} {recipe.assignment} {recipe.student}: {recipe.what}\n")
            log.write(result.get("log", "") + result.get("error", "") + "\n")
        if "KeyboardInterrupt" in result.get("error", ""):
            raise KeyboardInterrupt


def noticed_in(result: dict) -> list[str]:
    """Return in plain words what was striking about a submission, out of nbgrader's log."""
    said = result.get("log", "") + result.get("error", "")
    for sign, words in UNREADABLE.items():
        if re.search(sign, said):
            return [words]
    found = [words.format(cell) for sign, words in MENDED.items() for cell in re.findall(sign, said)]
    if not result["success"]:
        # nbgrader's log indents what an exception says, and where it came from two more.
        errors = re.findall(r"Traceback \(most recent call last\):\n(?: {6}.*\n)+ {4}(\S.*)", said)
        found.append(errors[0] if errors else f"see {LOG}")
    return list(dict.fromkeys(found))


def main() -> int:
    """Run the command: 0 when the demo class came out, 1 when it did not, 130 when it was interrupted."""
    parser = argparse.ArgumentParser(prog="./course demo", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="STUDENT", help="only these students hand in"
    )
    only = parser.parse_args().only
    logging.captureWarnings(True)  # what libraries warn of is no news to who runs a demo
    console = Console(width=None if sys.stdout.isatty() else 130)
    try:
        Demo(Path.cwd(), console, only).run()
    except Failed as failure:
        print(f"course demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("course demo: interrupted; the next ./course demo starts the demo class anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
