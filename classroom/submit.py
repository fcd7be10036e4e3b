"""Turn release/ into the demo class's submissions: `python -m classroom.submit`."""

import argparse
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat

from .recipe import PREFIX, Recipe, load_class

DUE = datetime(2026, 3, 27, 20, 0)  # UTC; for an assignment whose due date nobody has set yet


def filled_in(notebook: nbformat.NotebookNode, recipe: Recipe) -> nbformat.NotebookNode:
    """Return the notebook as the recipe's student leaves it.

    Raises
    ------
    KeyError
        Where the recipe names a cell that the released notebook does not have.
    """
    code = recipe.code
    # A student has one of the course's assignments at hand, a style has the answers to all of them.
    named = {*recipe.cells, *recipe.untouched, *recipe.deleted, *recipe.duplicated}
    missing = named - {cell.id for cell in notebook.cells}
    if missing:
        raise KeyError(f"{recipe.student}: release/ has no cell {', '.join(sorted(missing))}")

    cells = []
    for cell in notebook.cells:
        if cell.id in recipe.deleted:
            continue
        source = code.get(cell.id, cell.source)
        cells.append({**cell, "source": source})
        if cell.id in recipe.duplicated:  # as JupyterLab copies a cell: all the same, with an id of its own
            cells.append({**cell, "source": source, "id": f"{cell.id}-copy"})
    made: Any = nbformat.from_dict({**notebook, "cells": cells})
    return made


def hand_in(root: Path, recipe: Recipe, due: datetime = DUE) -> Path:
    """Write one submission and its timestamp to `submitted/<student>/<assignment>`, and return that folder.

    Raises
    ------
    FileNotFoundError
        Where the assignment is not released in the student's language.
    """
    released = root / "release" / recipe.language / recipe.assignment
    if not released.is_dir():
        raise FileNotFoundError(f"{released} is missing; `./course release` makes it")
    folder = root / "submitted" / recipe.student / recipe.assignment
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(released, folder)
    for path in folder.glob("*.ipynb"):
        write_notebook(path, recipe)
    at = due + (timedelta(days=recipe.days_late) or timedelta(hours=-2))
    (folder / "timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
    return folder


def write_notebook(path: Path, recipe: Recipe) -> None:
    """Write the recipe's notebook over the released one at `path`."""
    text = nbformat.writes(filled_in(nbformat.read(path, as_version=4), recipe))
    if recipe.file == "missing":
        path.unlink()
    elif recipe.file == "cut":
        path.write_text(text[: len(text) // 2], encoding="utf-8")
    else:
        path.write_text(text + "\n", encoding="utf-8")


def forget(root: Path) -> None:
    """Remove the demo students' folders, and nobody else's."""
    for room in ("submitted", "autograded", "feedback"):
        for folder in (root / room).glob(f"{PREFIX}*/"):
            shutil.rmtree(folder)


def main() -> int:
    """Run the command."""
    argparse.ArgumentParser(prog="python -m classroom.submit", description=__doc__).parse_args()
    root = Path.cwd()
    forget(root)
    for recipe in load_class():
        folder = hand_in(root, recipe)
        print(f"{folder.relative_to(root)}: {recipe.what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
