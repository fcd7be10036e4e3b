"""Generate every assignment in every language: `nbgrader-sealed release`."""

import argparse
import shutil
import sys
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from nbgrader_sealed.authoring.languages import KeepLanguage, language_of


def load_config(root: Path) -> Config:
    """Load the course's own `nbgrader_config.py`, as the `nbgrader` command does.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not (root / "nbgrader_config.py").is_file():
        raise ValueError(f"{root} holds no nbgrader_config.py")
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def assignments(root: Path) -> list[str]:
    """Return the names of the assignments: the folders of the course's source with a notebook."""
    return sorted({path.parent.name for path in _notebooks(root)})


def _notebooks(root: Path) -> list[Path]:
    directory = CourseDirectory(config=load_config(root)).source_directory
    return sorted((root / directory).glob("*/*.ipynb"))


def languages(root: Path) -> list[str]:
    """Return the languages of the source notebooks; an empty list if no cell is tagged with one.

    Raises
    ------
    ValueError
        If a notebook lacks a language of another.
    """
    spoken = {
        path: set(filter(None, map(language_of, nbformat.read(path, as_version=4).cells)))
        for path in _notebooks(root)
    }
    found: set[str] = set().union(*spoken.values())
    for path, own in spoken.items():
        if found - own:
            lacking, there = sorted(found - own), sorted(found)
            raise ValueError(f"{path.relative_to(root)} has no cell in {lacking}; the course is in {there}")
    return sorted(found)


def release_folder(root: Path, language: str) -> Path:
    """Return the folder, relative to the course's, that receives the assignments in a language."""
    config = load_config(root)
    if not language:
        return Path(CourseDirectory(config=config).release_directory)
    return Path(KeepLanguage(config=config).release_directory.format(language=language))


def generate(root: Path, assignment: str, language: str) -> Path:
    """Generate one assignment in one language, and return its folder, relative to the course's.

    Raises
    ------
    RuntimeError
        If nbgrader refuses the notebook; the message has its log.
    """
    config = load_config(root)
    folder = release_folder(root, language)
    config.KeepLanguage.language = language
    config.CourseDirectory.release_directory = str(folder)
    result = NbGraderAPI(config=config).generate_assignment(assignment, force=True)
    if not result["success"]:
        where = f" ({language})" if language else ""
        raise RuntimeError(f"{assignment}{where}:\n{result.get('log', '')}{result.get('error', '')}")
    return folder / assignment


def remove_stale(root: Path, language: str, kept: list[str]) -> None:
    """Remove released assignments that have no source any more."""
    for folder in (root / release_folder(root, language)).glob("*/"):
        if folder.name not in kept:
            shutil.rmtree(folder)


def release(root: Path, only: list[str]) -> None:
    """Generate the assignments named in `only` (all if it is empty) in every language.

    Raises
    ------
    ValueError
        If there is no such assignment, none at all, or one that lacks a language of another.
    RuntimeError
        If nbgrader refuses a notebook.
    """
    known = assignments(root)
    unknown = sorted(set(only) - set(known))
    if not known:
        raise ValueError("the course's source holds no notebook of an assignment")
    if unknown:
        named = ", ".join(unknown)
        raise ValueError(f"assignment: there is no {named} in the course's source; there are {known}")
    for language in languages(root) or [""]:
        for assignment in only or known:
            print(generate(root, assignment, language))
        if language:
            remove_stale(root, language, known)


def main(arguments: list[str]) -> int:
    """Run the command; return 1 if something could not be generated."""
    parser = argparse.ArgumentParser(prog="nbgrader-sealed release", description=__doc__)
    parser.add_argument("assignment", nargs="*", help="only these (default: all)")
    try:
        release(Path.cwd(), parser.parse_args(arguments).assignment)
    except (ValueError, RuntimeError) as error:
        print(f"nbgrader-sealed release: {error}", file=sys.stderr)
        return 1
    return 0
