"""Bring a submission back to the form of the assignment: the gradebook's cells, the student's answers."""

from dataclasses import dataclass

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from nbgrader_sealed.execution.hidden_tests import cut
from nbgrader_sealed.messages import sentence
from nbgrader_sealed.submission.reading import CELL_ID, MAX_CELLS

SCHEMA = 3
# What stands in a test cell until SealedExecute takes the lines from the gradebook: whoever runs the notebook
# without it must not give points for tests that never ran.
SEAL = "raise RuntimeError('the hidden tests of this cell run with nbgrader_sealed.execution.preprocessor.SealedExecute')"


@dataclass(frozen=True)
class GivenCell:
    """A cell of the assignment, as the gradebook has it.

    Attributes
    ----------
    name : str
        Its `grade_id`.
    source : str
        Its text; the student's own counts where it is not locked.
    cell_type : str
        `code` or `markdown`.
    metadata : dict
        What nbgrader writes about it.
    """

    name: str
    source: str
    cell_type: str
    metadata: dict[str, object]

    @property
    def locked(self) -> bool:
        """Whether the student may not change it."""
        return bool(self.metadata["locked"])

    @property
    def must_stand(self) -> bool:
        """Whether it is put back where it is missing: all but the cells that only hold a solution."""
        return self.locked or bool(self.metadata["grade"] or self.metadata["task"])


class Normalise(NbGraderPreprocessor):
    """Give every graded cell its type, metadata, place and (where it is locked) text back.

    Takes the place of nbgrader's `DeduplicateIds` and `OverwriteCells` in `Autograde.sanitize_preprocessors`,
    and never fails for anything a student did:

    - a cell that is not of the assignment is an ordinary cell, whatever its metadata says, and keeps no tags;
    - of several cells with one id the last counts, as in nbgrader; the others are ordinary cells;
    - graded cells that were moved go back into the assignment's order;
    - one that is missing is put back before the next cell of the assignment, after all that the student wrote
      in its place;
    - a locked cell has the gradebook's text without its hidden lines, which are never written to the
      submission's folder;
    - of more than MAX_CELLS cells, the last that are not of the assignment are left out.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Normalise one notebook."""
        given = read_given(*whose_cells(resources))
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
        nb.cells = _with_own_ids(self._not_too_many(cells))
        return nb, resources

    def _recognise(self, nb: NotebookNode, given: dict[str, GivenCell]) -> dict[str, int]:
        """Return where the assignment's cells stand: by nbgrader's id, or else by the notebook's."""
        found = {}
        for number, cell in enumerate(nb.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if isinstance(name, str) and name in given:
                if name in found:
                    self.log.warning("Cell %s is there more than once; the last one counts", name)
                found[name] = number
        for number, cell in enumerate(nb.cells):
            if cell.id in given and cell.id not in found and number not in found.values():
                self.log.warning("Cell %s has lost nbgrader's metadata; known by its id", cell.id)
                found[cell.id] = number
        return found

    def _not_too_many(self, cells: list[NotebookNode]) -> list[NotebookNode]:
        """Leave out the last ordinary cells, so that reading it again cuts nothing of the assignment."""
        surplus = {id(cell) for cell in cells if "nbgrader" not in cell.metadata}
        room = max(MAX_CELLS - (len(cells) - len(surplus)), 0)
        if len(surplus) <= room:
            return cells
        self.log.warning("More than %d cells; the last ones are left out", MAX_CELLS)
        kept = []
        for cell in cells:
            is_ordinary = id(cell) in surplus
            if not is_ordinary or room > 0:
                kept.append(cell)
            room -= is_ordinary
        return kept

    def _put_back(self, cell: GivenCell, nb: NotebookNode, marks: ClearHiddenTests) -> NotebookNode:
        self.log.warning("Cell %s is missing; put back", cell.name)
        made = restore(NotebookNode(source=cell.source), cell, marks)
        if cell.locked and cell.cell_type == "markdown":
            made.source = f"*{sentence(nb.metadata.get('lang'), 'added')}*\n\n{made.source}"
        return made


def whose_cells(resources: ResourcesDict) -> tuple[str, str, str]:
    """Return where a notebook's cells are found: the gradebook's URL, the assignment and the notebook."""
    return tuple(resources["nbgrader"][key] for key in ("db_url", "assignment", "notebook"))


def read_given(db_url: str, assignment: str, notebook: str) -> dict[str, GivenCell]:
    """Return the cells of the assignment in their order, as the gradebook has them."""
    with Gradebook(db_url) as gradebook:
        notebook = gradebook.find_notebook(notebook, assignment)
        grades = {cell.name: cell.max_score for cell in notebook.grade_cells}
        tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        return {
            cell.name: GivenCell(
                cell.name,
                cell.source or "",
                cell.cell_type,
                {
                    "grade": cell.name in grades,
                    "grade_id": cell.name,
                    "solution": cell.name in solutions,
                    "task": cell.name in tasks,
                    "locked": bool(cell.locked),
                    "checksum": cell.checksum,
                    "cell_type": cell.cell_type,
                    "schema_version": SCHEMA,
                    **(
                        {"points": {**grades, **tasks}[cell.name]} if cell.name in {**grades, **tasks} else {}
                    ),
                },
            )
            for cell in notebook.source_cells
        }


def restore(submitted: NotebookNode, given: GivenCell, marks: ClearHiddenTests) -> NotebookNode:
    """Return a cell of the assignment with the student's text, or with its own where it is locked."""
    cell = _blank(given.cell_type, given.source if given.locked else submitted.source)
    if given.locked and given.cell_type == "code":
        parts = cut(given.source, marks.begin_test_delimeter, marks.end_test_delimeter)
        cell.source = f"{parts.visible.rstrip()}\n{SEAL}" if parts.hidden else parts.visible
    elif "attachments" in submitted and given.cell_type == "markdown":
        cell.attachments = submitted.attachments
    cell.metadata["nbgrader"] = NotebookNode(given.metadata)
    cell.id = given.name if CELL_ID.fullmatch(given.name) else submitted.get("id", "")
    return cell


def ordinary(submitted: NotebookNode) -> NotebookNode:
    """Return a cell that is not of the assignment: its type, its text, its pictures."""
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


def _with_own_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Give each cell an id of its own; the assignment's cells keep theirs."""
    taken = {cell.id for cell in cells if "nbgrader" in cell.metadata}
    for number, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata or not cell.id:
            while not cell.id or cell.id in taken:
                cell.id = f"cell-{number}" if f"cell-{number}" not in taken else f"{number}-{len(taken)}"
                number += 1
            taken.add(cell.id)
    return cells
