"""Links that were handed in: nbgrader would copy what they lead to, so they are put out of action before."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

NOTE = "A link to {target!r} was handed in here. Links are not followed.\n"


def disarm_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Put a note in the place of each link in a submission.

    Meant as nbgrader's `Autograde.pre_convert_hook`. nbgrader copies the files of a submission to where they
    are graded, and with a link, the file that it leads to: the gradebook, or another's work.

    Parameters
    ----------
    assignment, student
        nbgrader's settings, which may be patterns; not used.
    notebooks
        The paths of the submission's notebooks.
    """
    for folder in sorted({Path(notebook).parent for notebook in notebooks}):
        for link in list(_links(folder)):
            target = os.readlink(link)
            link.unlink()
            link.write_text(NOTE.format(target=target), encoding="utf-8")


def _links(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            path = Path(here, name)
            if path.is_symlink():
                yield path
