"""A notebook as a person meets it in JupyterLab: cells by their ids, menus, nbgrader's Validate button."""

from pathlib import Path

from nbformat import NotebookNode
from playwright.sync_api import Locator, Page, expect

from tests.browser import PATIENCE, run_all
from tests.notebooks.running import read

TRAINING = 300_000  # milliseconds that the longest cell may take, on a busy machine


class NotebookPage:
    """One notebook on a page, with the file that JupyterLab saves it to."""

    def __init__(self, page: Page, path: Path):
        self.page, self.path = page, path
        self.ids = [cell.id for cell in read(path).cells]

    def runs(self) -> "NotebookPage":
        """Run all cells, until the last one or the first error."""
        run_all(self.page)
        expect(self.page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(0, timeout=TRAINING)
        return self

    def output(self, cell: str) -> Locator:
        index = self.ids.index(cell)
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{index}'] .jp-Cell-outputArea")

    def saved(self) -> NotebookNode:
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0, timeout=PATIENCE)
        return read(self.path)

    def validated(self) -> str:
        """Press nbgrader's button, and return what its dialog says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
        dialog = self.page.locator(".jp-Dialog", has_text="Validation Results")
        dialog.wait_for(timeout=TRAINING)
        said = dialog.locator(".jp-Dialog-body").text_content()
        dialog.get_by_text("Ok", exact=True).click()
        return said

    def closes(self) -> None:
        """Leave no kernel behind."""
        self.page.get_by_role("menuitem", name="File", exact=True).click()
        self.page.locator("[data-command='filemenu:close-and-cleanup']").click()
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(self.page.locator(".jp-NotebookPanel")).to_have_count(0, timeout=PATIENCE)
