"""Read the notebooks, and run one as a person does: in a real kernel."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader_sealed.authoring.languages import KeepLanguage

from tests.support import ROOT, run

SOURCES = sorted((ROOT / "source").glob("*/*.ipynb"))
RELEASED = sorted((ROOT / "release").glob("*/*/*.ipynb"))
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", re.DOTALL)


def name_of(path: Path) -> str:
    return "/".join(path.relative_to(ROOT).parts[1:-1])


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def in_language(nb: NotebookNode, language: str) -> NotebookNode:
    return KeepLanguage(language=language).preprocess(nb, {})[0]


def execute(nb: NotebookNode, folder: Path, **env: str) -> NotebookNode:
    """Run all cells of a notebook in `folder`, whatever errors come, and read what is saved."""
    path = folder / "run.ipynb"
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    run(
        *("jupyter", "execute", "--inplace", "--allow-errors", "--timeout=120", "--kernel_name=python3"),
        path.name,
        cwd=folder,
        PYTHONPATH=str(ROOT),
        **env,
    )
    return read(path)


def outputs(nb: NotebookNode, kind: str) -> list[tuple[str, NotebookNode]]:
    """Return the outputs of one kind, each with the id of its cell."""
    return [
        (cell.id, output)
        for cell in nb.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == kind
    ]
