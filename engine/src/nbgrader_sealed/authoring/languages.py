"""Notebooks in several languages: keep the cells of one."""

from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

TAG_PREFIX = "lang-"


def language_of(cell: NotebookNode) -> str | None:
    """Return the language that a cell is tagged with; None if it belongs to all."""
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix(TAG_PREFIX) for tag in tags if tag.startswith(TAG_PREFIX)), None)


class KeepLanguage(NbGraderPreprocessor):
    """Drop the cells of other languages, and write the language into the notebook's metadata.

    A cell with a tag `lang-LANGUAGE` is kept if that is the configured language; a cell without such a tag is
    kept in every language. The metadata gets the language as `lang`, so that hidden tests and feedback answer
    in the same one. A notebook without such tags stays as it is if no language is configured.

    Raises
    ------
    ValueError
        If the notebook has tagged cells, but none in the configured language.
    """

    language: Unicode[Any, Any] = Unicode(
        "", help="The language to keep: what follows lang- in a cell's tag."
    ).tag(config=True)
    release_directory: Unicode[Any, Any] = Unicode(
        "release/{language}", help="The folder that `nbgrader-sealed release` writes a language to."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Keep the cells that are in the configured language, or in none."""
        found = set(filter(None, map(language_of, nb.cells)))
        if not found and not self.language:
            return nb, resources
        if found and self.language not in found:
            raise ValueError(
                f"KeepLanguage.language: no cell is in {self.language!r}, only in {sorted(found)}"
            )
        nb.cells = [cell for cell in nb.cells if language_of(cell) in (None, self.language)]
        for cell in nb.cells:
            _drop_language_tag(cell)
        nb.metadata["lang"] = self.language
        return nb, resources


def _drop_language_tag(cell: NotebookNode) -> None:
    tags = [tag for tag in cell.metadata.pop("tags", []) if not tag.startswith(TAG_PREFIX)]
    if tags:
        cell.metadata["tags"] = tags
