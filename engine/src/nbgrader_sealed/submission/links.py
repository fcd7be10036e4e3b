"""Links in submissions: nbgrader would copy their targets, so a note replaces each of them first."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbgrader_sealed.messages import Message, later, say_in_all

LINK = later("A link to {target} was submitted here. Only regular files and folders are accepted.")
NO_FILE = later("No regular file was submitted here. Only regular files and folders are accepted.")


def disarm_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Replace each link in a submission, and whatever else is no regular file, by a note.

    For nbgrader's `Autograde.pre_convert_hook`. nbgrader copies the files of a submission, and follows links:
    to the gradebook, or to another student's work. A pipe would block it forever.

    Parameters
    ----------
    assignment, student
        nbgrader's settings, which may be patterns. Not used.
    notebooks
        The paths of the submission's notebooks.

    Raises
    ------
    SystemExit
        If one cannot be replaced. After any other exception nbgrader would go on, and follow the link.
    """
    for folder in sorted({Path(notebook).parent for notebook in notebooks}):
        try:
            for path in list(_irregular_files(folder)):
                _put_note(path)
        except OSError as error:
            raise SystemExit(f"{folder}: a link that was handed in cannot be removed: {error}") from error


def _irregular_files(folder: Path) -> Iterator[Path]:
    """Yield the folder or its parent if that is a link; otherwise whatever inside is no regular file."""
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
    message = Message(LINK, {"target": repr(os.readlink(path))}) if path.is_symlink() else Message(NO_FILE)
    if not os.access(path.parent, os.W_OK):  # a folder that was handed in read-only
        path.parent.chmod(stat.S_IRWXU)
    path.unlink()
    path.write_text(f"{say_in_all(message)}\n", encoding="utf-8", errors="backslashreplace")
