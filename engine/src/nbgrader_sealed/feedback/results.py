"""Reports of hidden tests, in the notebook's language."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from nbgrader_sealed.result import records_of


class ShowResults(NbGraderPreprocessor):
    """Replace each printed report by the one in the notebook's language.

    For `GenerateFeedback.preprocessors`. A hidden test prints its report in one language; its record has it
    in all. Whatever else the test printed stays.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Translate the reports in one notebook."""
        language = nb.metadata.get("lang")
        for cell in nb.cells:
            for record in records_of(cell) if cell.cell_type == "code" else []:
                _translate(cell, record["messages"], language)
        return nb, resources


def _translate(cell: NotebookNode, messages: dict[str, str], language: object) -> None:
    """Replace each message in a cell's printed lines by the one in the language, if there is one."""
    mine = messages.get(language) if isinstance(language, str) else None
    if not mine:
        return
    for output in cell.outputs:
        if output.output_type == "stream":
            for message in filter(None, messages.values()):
                output.text = output.text.replace(message, mine)
