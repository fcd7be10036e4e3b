"""Links that were handed in: nbgrader would copy what they lead to, so they are put out of action before."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

NOTE = "{what} was handed in here. Only plain files and folders are taken.\n"


def disarm_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Put a note in the place of each link in a submission, and of all else that is no plain file.

    Meant as nbgrader's `Autograde.pre_convert_hook`. nbgrader copies the files of a submission to where they
    are graded, and with a link, the file that it leads to: the gradebook, or another's work. At a pipe it
    would wait for ever.

    Parameters
    ----------
    assignment, student
        nbgrader's settings, which may be patterns; not used.
    notebooks
        The paths of the submission's notebooks.

    Raises
    ------
    SystemExit
        Where one cannot be put out of action: after any other exception nbgrader goes on, and follows it.
    """
    for folder in sorted({Path(notebook).parent for notebook in notebooks}):
        try:
            for path in list(_no_plain_files(folder)):
                _put_note(path)
        except OSError as error:
            raise SystemExit(f"{folder}: a link that was handed in cannot be removed: {error}") from error


def _no_plain_files(folder: Path) -> Iterator[Path]:
    """Yield the folder itself or the student's, where that is a link, or else what in it is no plain file."""
    linked = next((path for path in (folder.parent, folder) if path.is_symlink()), None)
    if linked is not None:
        yield linked
        return
    for here, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            path = Path(here, name)
            if not stat.S_ISDIR(mode := path.lstat().st_mode) and not stat.S_ISREG(mode):
                yield path


def _put_note(path: Path) -> None:
    what = f"A link to {os.readlink(path)!r}" if path.is_symlink() else "No plain file"
    if not os.access(path.parent, os.W_OK):  # a folder that came closed
        path.parent.chmod(stat.S_IRWXU)
    path.unlink()
    path.write_text(NOTE.format(what=what), encoding="utf-8", errors="backslashreplace")
