"""Restore the assignment's form in a submission: the gradebook's cells, the student's answers."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from nbgrader_sealed.assignment import AssignmentCell, cells_of, cut
from nbgrader_sealed.messages import later, say
from nbgrader_sealed.submission.reading import CELL_ID, MAX_CELLS

# Replaces hidden tests until SealedExecute reads them from the gradebook: if anything else runs the notebook,
# tests that never ran must not give points.
PLACEHOLDER = "raise RuntimeError('the hidden tests of this cell run with nbgrader_sealed')"


ADDED = later("This cell was missing from the submission and was added back.")


class Normalise(NbGraderPreprocessor):
    """Restore every graded cell's type, metadata and place, and its text if it is locked.

    Replaces nbgrader's `DeduplicateIds` and `OverwriteCells` in `Autograde.sanitize_preprocessors`. Nothing
    that a student did makes it fail:

    - a cell outside the assignment is an ordinary cell, whatever its metadata says, and loses its tags;
    - if several cells have one id, the last one counts, as in nbgrader; the others become ordinary cells;
    - graded cells that were moved return to the assignment's order;
    - a missing cell is put back before the assignment's next cell, after whatever the student wrote there;
    - a locked cell gets the gradebook's text without its hidden lines, which are never written to the
      submission's folder;
    - if there are more than MAX_CELLS cells, the last ones outside the assignment are dropped.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Normalise one notebook."""
        given = cells_of(resources)
        marks = ClearHiddenTests(parent=self.parent)
        found = self._recognise(nb, given)
        order = [cell for cell in given.values() if cell.name in found]
        slots = sorted(found[cell.name] for cell in order)
        cells: list[NotebookNode] = []
        missing = [cell for cell in given.values() if cell.name not in found and cell.must_stand]
        names = list(given)
        for number, cell in enumerate(nb.cells):
            if number not in slots:
                cells.append(ordinary(cell))
                continue
            mine = order[slots.index(number)]
            before = [cell for cell in missing if names.index(cell.name) < names.index(mine.name)]
            cells += [self._put_back(cell, nb, marks) for cell in before]
            missing = missing[len(before) :]
            cells.append(restore(nb.cells[found[mine.name]], mine, marks))
        cells += [self._put_back(cell, nb, marks) for cell in missing]
        nb.cells = _with_unique_ids(self._limit_cells(cells))
        return nb, resources

    def _recognise(self, nb: NotebookNode, given: dict[str, AssignmentCell]) -> dict[str, int]:
        """Map the assignment's cells to their positions, by nbgrader's id or else by the notebook's."""
        found = {}
        for number, cell in enumerate(nb.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if isinstance(name, str) and name in given:
                if name in found:
                    self.log.warning("Cell %s occurs more than once; the last one counts", name)
                found[name] = number
        for number, cell in enumerate(nb.cells):
            if cell.id in given and cell.id not in found and number not in found.values():
                self.log.warning("Cell %s has lost nbgrader's metadata; recognised by its id", cell.id)
                found[cell.id] = number
        return found

    def _limit_cells(self, cells: list[NotebookNode]) -> list[NotebookNode]:
        """Drop the last ordinary cells, so that reading the notebook again drops none of the assignment's."""
        surplus = {id(cell) for cell in cells if "nbgrader" not in cell.metadata}
        remaining = max(MAX_CELLS - (len(cells) - len(surplus)), 0)
        if len(surplus) <= remaining:
            return cells
        self.log.warning("More than %d cells; the last ones are dropped", MAX_CELLS)
        kept = []
        for cell in cells:
            is_ordinary = id(cell) in surplus
            if not is_ordinary or remaining > 0:
                kept.append(cell)
            remaining -= is_ordinary
        return kept

    def _put_back(self, cell: AssignmentCell, nb: NotebookNode, marks: ClearHiddenTests) -> NotebookNode:
        self.log.warning("Cell %s is missing; put back", cell.name)
        made = restore(NotebookNode(source=cell.source), cell, marks)
        if cell.locked and cell.cell_type == "markdown":
            made.source = f"*{say(nb.metadata.get('lang'), ADDED)}*\n\n{made.source}"
        return made


def restore(submitted: NotebookNode, given: AssignmentCell, marks: ClearHiddenTests) -> NotebookNode:
    """Return a cell of the assignment with the student's text, or with its own if it is locked."""
    cell = _blank(given.cell_type, given.source if given.locked else submitted.source)
    if given.locked and given.cell_type == "code":
        parts = cut(given.source, marks.begin_test_delimeter, marks.end_test_delimeter)
        cell.source = f"{parts.visible.rstrip()}\n{PLACEHOLDER}" if parts.hidden else parts.visible
    elif "attachments" in submitted and given.cell_type == "markdown":
        cell.attachments = submitted.attachments
    cell.metadata["nbgrader"] = NotebookNode(given.metadata)
    cell.id = given.name if CELL_ID.fullmatch(given.name) else submitted.get("id", "")
    return cell


def ordinary(submitted: NotebookNode) -> NotebookNode:
    """Return what is kept of a cell outside the assignment: its type, text and pictures."""
    cell = _blank(submitted.cell_type, submitted.source)
    cell.id = submitted.id
    if "attachments" in submitted:
        cell.attachments = submitted.attachments
    return cell


def _blank(cell_type: str, source: str) -> NotebookNode:
    cell = NotebookNode(cell_type=cell_type, source=source, metadata=NotebookNode())
    if cell_type == "code":
        cell.execution_count, cell.outputs = None, []
    return cell


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Give each cell a unique id; the assignment's cells keep theirs."""
    taken = {cell.id for cell in cells if "nbgrader" in cell.metadata}
    for number, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata or not cell.id:
            while not cell.id or cell.id in taken:
                cell.id = f"cell-{number}" if f"cell-{number}" not in taken else f"{number}-{len(taken)}"
                number += 1
            taken.add(cell.id)
    return cells
