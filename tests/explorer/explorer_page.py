"""The explorer as a person meets it on a page, in whatever output it stands."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

PATIENCE = 40_000  # milliseconds for a kernel to start and import


class ExplorerPage:
    """One explorer on a page: its controls by their accessible names, its picture by what it says."""

    def __init__(self, page: Page, number: int = 0):
        self.page = page
        self.root = page.locator(".pooling-explorer, .pooling-page").nth(number)
        self.picture = self.root.get_by_role("img")
        self.formula = self.root.locator(".pooling-formula")
        self.problem = self.root.locator(".pooling-problem")
        self.verdict = self.root.locator(".pooling-verdict")
        self.sizes = self.root.locator(".pooling-sizes")

    def appears(self) -> "ExplorerPage":
        self.formula.or_(self.problem).first.wait_for(timeout=PATIENCE)
        return self

    def slider(self, name: str) -> Locator:
        return self.root.get_by_role("slider", name=name, exact=True)

    def press(self, name: str, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.slider(name).press(key)

    def choose(self, name: str, option: str) -> None:
        self.root.get_by_label(name, exact=True).select_option(option)

    def shows(self, formula: str) -> None:
        expect(self.formula).to_have_text(formula)

    def output(self) -> list[str]:
        """The numbers of the output computed so far."""
        return self.root.locator(".pooling-out .pooling-cell:not(.pooling-later) text").all_text_contents()

    def complaints(self) -> list[str]:
        """What axe-core finds wrong in the explorer."""
        selector = ".pooling-explorer" if self.page.locator(".pooling-explorer").count() else ".pooling-page"
        found = Axe().run(self.page, context=selector).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]
