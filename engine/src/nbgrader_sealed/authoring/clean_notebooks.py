"""Clean notebooks for version control: `nbgrader-sealed clean [--check] NOTEBOOK ...`."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict, v4

WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
HASH = re.compile(r"[0-9a-f]{8}|cell-[0-9a-f]{16}")  # as Jupyter and nbgrader generate them
NOTEBOOK_METADATA = {"kernelspec", "language_info", "lang"}
CELL_METADATA = {"nbgrader", "tags", "deletable", "editable"}


def clean(nb: NotebookNode) -> NotebookNode:
    """Drop what running and editing leave behind: outputs, counts and transient metadata.

    Parameters
    ----------
    nb
        A notebook of nbformat 4. It is changed in place.

    Returns
    -------
    nbformat.NotebookNode
        The same notebook.
    """
    metadata = {key: value for key, value in nb.metadata.items() if key in NOTEBOOK_METADATA}
    if "language_info" in metadata:
        metadata["language_info"] = {"name": metadata["language_info"]["name"]}
    nb.metadata = metadata
    for cell in nb.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    cleaned: Any = from_dict(nb)
    return cleaned


def bad_ids(nb: NotebookNode) -> list[str]:
    """Describe each id that is not made of words, such as `first-task-solution`, or not unique."""
    ids = [cell.get("id", "") for cell in nb.cells]
    lines = [f"the id {name!r} is not of words" for name in ids if not _is_words(name)]
    lines += [f"the id {name!r} stands more than once" for name in sorted(set(ids)) if ids.count(name) > 1]
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id"))
        if grade_id != cell.get("id"):
            lines.append(f"the id {cell.get('id')!r} differs from the grade_id {grade_id!r}")
    return lines


def _is_words(name: str) -> bool:
    return bool(WORDS.fullmatch(name)) and not HASH.fullmatch(name)


def text_of(nb: NotebookNode) -> str:
    """Return a notebook's canonical JSON: sorted keys, an indent of one space, a final newline."""
    return v4.writes(nb).rstrip("\n") + "\n"


def main(arguments: list[str]) -> int:
    """Run the command; return 1 if a file was not clean or could not be read."""
    parser = argparse.ArgumentParser(prog="nbgrader-sealed clean", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="only report what is not clean; change nothing")
    options = parser.parse_args(arguments)
    failed = False
    for path in options.files:
        try:
            before = path.read_text(encoding="utf-8")
            nb = v4.reads(before)  # nbformat.reads would give a new id to a cell whose id stands twice
        except (OSError, ValueError, AttributeError) as error:
            print(f"{path}: is no notebook that can be read ({error})", file=sys.stderr)
            failed = True
            continue
        lines = bad_ids(nb)
        after = text_of(clean(nb))
        if after != before:
            lines.append("not clean" if options.check else "cleaned")
            if not options.check:
                path.write_text(after, encoding="utf-8")
        failed = failed or bool(lines)
        for line in lines:
            print(f"{path}: {line}", file=sys.stderr)
    return int(failed)
