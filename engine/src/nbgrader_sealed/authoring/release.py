"""Generate every assignment in every language: `python -m nbgrader_sealed.authoring.release`."""

import argparse
import shutil
import sys
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from nbgrader_sealed.authoring.languages import language_of


def load_config(root: Path) -> Config:
    """Load the course's own `nbgrader_config.py`, as the `nbgrader` command does."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def assignments(root: Path) -> list[str]:
    """Return the names of the assignments: the folders of source/ that hold a notebook."""
    return sorted({path.parent.name for path in (root / "source").glob("*/*.ipynb")})


def languages(root: Path) -> list[str]:
    """Return the languages that the source notebooks are written in, all of them in each.

    Raises
    ------
    ValueError
        Where there is no notebook, or one of them lacks a language of another.
    """
    spoken = {
        path: {language_of(cell) for cell in nbformat.read(path, as_version=4).cells} - {None}
        for path in sorted((root / "source").glob("*/*.ipynb"))
    }
    found = set().union(*spoken.values())
    if not found:
        raise ValueError(f"{root / 'source'} holds no notebook with a cell tagged lang-xx")
    for path, own in spoken.items():
        if found - own:
            lacking, there = sorted(found - own), sorted(found)
            raise ValueError(f"{path.relative_to(root)} has no cell in {lacking}; the course is in {there}")
    return sorted(found)


def generate(root: Path, assignment: str, language: str) -> None:
    """Generate one assignment in one language into `release/<language>/<assignment>`.

    Raises
    ------
    RuntimeError
        With nbgrader's own log, where it refuses the notebook.
    """
    config = load_config(root)
    config.KeepLanguage.language = language
    config.CourseDirectory.release_directory = f"release/{language}"
    result = NbGraderAPI(config=config).generate_assignment(assignment, force=True)
    if not result["success"]:
        raise RuntimeError(f"{assignment} ({language}):\n{result.get('log', '')}{result.get('error', '')}")


def forget_removed(root: Path, language: str, kept: list[str]) -> None:
    """Remove what an earlier release left of assignments that are gone."""
    for folder in (root / "release" / language).glob("*/"):
        if folder.name not in kept:
            shutil.rmtree(folder)


def release(root: Path, only: list[str]) -> None:
    """Generate the assignments named in `only` (all, where it is empty) in every language."""
    known = assignments(root)
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise ValueError(f"assignment: there is no {', '.join(unknown)} in source/; there are {known}")
    for language in languages(root):
        for assignment in only or known:
            generate(root, assignment, language)
            print(f"release/{language}/{assignment}")
        forget_removed(root, language, known)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="./course release", description=__doc__)
    parser.add_argument("assignment", nargs="*", help="only these (default: all)")
    try:
        release(Path.cwd(), parser.parse_args().assignment)
    except (ValueError, RuntimeError) as error:
        print(f"course release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
