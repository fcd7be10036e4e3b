"""One source, many languages: keep the cells of one of them."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

TAG_PREFIX = "lang-"


def language_of(cell: NotebookNode) -> str | None:
    """Return the language a cell is tagged with, or None where it stands for all languages."""
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix(TAG_PREFIX) for tag in tags if tag.startswith(TAG_PREFIX)), None)


class KeepLanguage(NbGraderPreprocessor):
    """Drop the cells of the other languages, and write the language kept into the notebook's metadata.

    A cell tagged `lang-es` or `lang-en` is kept only where that is the language asked for; a cell without
    such a tag is kept in every language. The notebook's metadata says the language under `lang`, so that
    what runs in it later can answer in the same one. A notebook without such tags stays as it is if no
    language is asked for.

    Raises
    ------
    ValueError
        Where the notebook has tagged cells, but none in the language asked for.
    """

    language = Unicode("", help="The language to keep, as in the tag lang-es.").tag(config=True)
    release_directory = Unicode(
        "release/{language}", help="Where `nbgrader-sealed release` writes each language to."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Keep the cells that are in the language asked for, or in none."""
        found = {language_of(cell) for cell in nb.cells} - {None}
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
