"""nbconvert's private names, as of version 7.17: its exporters' preprocessors, its Markdown."""

import json
from collections.abc import Sequence
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import Exporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

__all__ = ["IPythonRenderer", "MarkdownWithMath", "PlainNotebookExporter", "make_preprocessors"]

# The private names used below; a test names those that are gone.
BORROWED = (
    "nbconvert.exporters.exporter:Exporter._init_resources",
    "nbconvert.exporters.exporter:Exporter._preprocessors",
    "nbconvert.filters.markdown_mistune:IPythonRenderer",
    "nbconvert.filters.markdown_mistune:MarkdownWithMath",
)


class PlainNotebookExporter(NotebookExporter):
    """Write a notebook as it is; nbconvert would copy it four times, and validate it twice."""

    compact_output = False  # whether to write JSON without indentation, unvalidated, for the next step alone

    def convert(self, nb: NotebookNode, resources: Any) -> tuple[str, dict[str, Any]]:
        """Convert a notebook, which may be changed in place."""
        resources = self._init_resources(resources)
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        resources["output_suffix"] = ".nbconvert"
        if self.compact_output:
            return json.dumps(nb), resources
        nbformat.validate(nb, relax_add_props=True)
        return nbformat.v4.writes(nb) + "\n", resources


def make_preprocessors(exporter: Exporter, kinds: Sequence[Any]) -> list[Any]:
    """Replace an exporter's preprocessors, and return those that it made of these kinds."""
    exporter._preprocessors = []
    for kind in kinds:
        exporter.register_preprocessor(kind)
    return exporter._preprocessors
