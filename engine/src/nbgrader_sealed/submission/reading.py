"""Reading submissions: any file becomes a valid notebook."""

import codecs
import copy
import json
import re
import stat
import uuid
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell, new_notebook
from traitlets import Unicode

from nbgrader_sealed.messages import SOURCE_LANGUAGE, Message, later, say, say_in_all
from nbgrader_sealed.private.nbconvert import PlainNotebookExporter
from nbgrader_sealed.submission.content import BASE64, KEPT_BASE64, clean

MAX_BYTES = 50 * 2**20  # of a notebook's file; reading it takes 26 times as much memory
MAX_SOURCE = 100_000  # characters of one cell, without embedded pictures
MAX_CELLS = 5_000  # includes the assignment's cells that `Normalise` puts back
MAX_PICTURES = 4_000_000  # characters of one cell, with embedded pictures
DATA_URI = re.compile(r"data:image/[a-z+]{1,10};base64,[A-Za-z0-9+/=]*")
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The keys of nbgrader's metadata of a cell, in version 3 of its schema.
NBGRADER_KEYS = (
    "grade_id",
    "grade",
    "solution",
    "locked",
    "task",
    "points",
    "checksum",
    "cell_type",
    "schema_version",
)


UNREADABLE = later(
    "The submitted file could not be read as a notebook ({reason}). To hand it in again: "
    "open it in JupyterLab, see that it is all there, save it, and upload it."
)


LINK = later("a link")
NO_FILE = later("not a file")
TOO_LARGE = later("more than {megabytes} MB")
NO_CELLS = later("JSON without a notebook's cells")
REST_LEFT_OUT = later("... the rest was left out")


class Unreadable(ValueError):
    """The file is no notebook; the argument is the reason, a message or an error's text."""


class SafeNotebookExporter(PlainNotebookExporter):
    """Read submissions of any encoding, age and shape (for `Autograde.exporter_class`).

    A file that cannot be read becomes a notebook with one cell that says why, so that it is graded with 0
    points and does not stop nbgrader.
    """

    language: Unicode[Any, Any] = Unicode(
        SOURCE_LANGUAGE, help="The first language of the message in an unreadable notebook."
    ).tag(config=True)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Convert the notebook in a file."""
        resources = ResourcesDict() if resources is None else resources
        path = Path(filename)
        resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        try:
            nb = read(path)
        except Unreadable as error:
            self.log.warning("%s: %s", filename, error)
            # The notebook's language is unknown, so the message comes in all.
            message = Message(UNREADABLE, {"reason": error.args[0]})
            said = say_in_all(message, "\n\n", self.language)
            nb = new_notebook(cells=[new_markdown_cell(said)])
        return self.convert(nb, resources)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a copy of a notebook."""
        return self.convert(copy.deepcopy(nb), resources)


def read(path: Path) -> NotebookNode:
    """Read any file as a valid notebook of the newest format.

    Raises
    ------
    Unreadable
        If the file holds nothing like a notebook.
    """
    if path.is_symlink():
        raise Unreadable(Message(LINK))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(Message(NO_FILE))  # a pipe would block forever
        if status.st_size > MAX_BYTES:
            raise Unreadable(Message(TOO_LARGE, {"megabytes": MAX_BYTES // 2**20}))
        data = json.loads(decode(path.read_bytes()))
    except Unreadable:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from None
    if not isinstance(data, dict):
        raise Unreadable(Message(NO_CELLS))
    return rebuild(upgrade(data))


def decode(content: bytes) -> str:
    """Decode a file by its byte order mark; if it has none, as UTF-8 or else as Latin-1."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def upgrade(data: dict[str, Any]) -> dict[str, Any]:
    """Convert an older notebook's data to format 4, which keeps all cells in one list."""
    if isinstance(data.get("cells"), list):
        return data
    try:
        return nbformat.reads(json.dumps(data), as_version=4)
    except Exception:  # nbformat raises anything for malformed data
        raise Unreadable(Message(NO_CELLS)) from None


def rebuild(data: dict[str, Any]) -> NotebookNode:
    """Build a notebook from what is usable: the cells' types, texts, ids, pictures and nbgrader's metadata.

    Outputs are dropped, since grading produces them again.
    """
    nb: Any = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
    metadata = _dict(data.get("metadata"))
    kernel = _dict(metadata.get("kernelspec"))
    if isinstance(kernel.get("name"), str):
        name = clean(kernel["name"])[:100]
        nb.metadata["kernelspec"] = {"name": name, "display_name": name}
    if isinstance(metadata.get("lang"), str) and LANGUAGE.fullmatch(metadata["lang"]):
        nb.metadata["lang"] = metadata["lang"]
    ids: set[str] = set()
    for number, cell in enumerate(data["cells"][:MAX_CELLS]):
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw"):
            nb.cells.append(_rebuild_cell(cell, number, ids, nb.metadata.get("lang")))
    return nb


def cut_source(text: str, most: int, language: Any = None, cell_type: str = "code") -> str:
    """Return a cell's text, cut to a length that includes a remark that it was cut."""
    if len(text) <= most:
        return text
    remark = say(language, REST_LEFT_OUT)
    said = f"\n# {remark}" if cell_type == "code" else f"\n\n{remark}"
    return text[: max(most - len(said), 0)] + said


def _rebuild_cell(cell: dict[str, Any], number: int, ids: set[str], language: Any) -> NotebookNode:
    name = cell.get("id")
    if not isinstance(name, str) or not CELL_ID.fullmatch(name) or name in ids:
        name = f"cell-{number}-{uuid.uuid4().hex[:8]}"
    ids.add(name)
    text = clean(cell.get("source"), MAX_PICTURES).replace("\r\n", "\n").replace("\r", "\n")
    if cell["cell_type"] == "code" or len(DATA_URI.sub("", text)) > MAX_SOURCE:
        text = cut_source(text, MAX_SOURCE, language, cell["cell_type"])
    made = NotebookNode(id=name, cell_type=cell["cell_type"], source=text, metadata=NotebookNode())
    nbgrader = _dict(cell.get("metadata")).get("nbgrader")
    if isinstance(nbgrader, dict):
        made.metadata["nbgrader"] = NotebookNode(
            {key: nbgrader[key] for key in nbgrader if key in NBGRADER_KEYS}
        )
    if made.cell_type == "code":
        made.execution_count, made.outputs = None, []
    elif images := _images(cell.get("attachments")):
        made.attachments = images
    return made


def _images(attachments: Any) -> NotebookNode:
    """Return the pictures attached to a text cell."""
    kept = NotebookNode()
    for name, data in _dict(attachments).items():
        for mime in KEPT_BASE64:
            value = clean(_dict(data).get(mime))
            if value and BASE64.fullmatch(value):
                kept[clean(name)] = {mime: value}
    return kept


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
