"""Checks of test cells when an assignment is generated: whether they can be graded sealed."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from nbgrader_sealed.assignment import HiddenTestError, cut


class WarnUnsealable(NbGraderPreprocessor):
    """Warn of test cells without hidden lines, whose verdict a student could forge.

    For `GenerateAssignment.preprocessors`, before `ClearHiddenTests`.

    Raises
    ------
    HiddenTestError
        If hidden lines could not run outside of the kernel.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Check one notebook without changing it."""
        marks = ClearHiddenTests(parent=self.parent)
        for cell in nb.cells:
            if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
                continue
            name = cell.metadata.nbgrader.grade_id
            try:
                parts = cut(cell.source, marks.begin_test_delimeter, marks.end_test_delimeter)
            except HiddenTestError as error:
                raise HiddenTestError(f"cell {name}: {error}") from None
            if not parts.hidden:
                self.log.warning(
                    "Cell %s has no hidden tests: its verdict comes from the student's own process, "
                    "which can forge it",
                    name,
                )
        return nb, resources
