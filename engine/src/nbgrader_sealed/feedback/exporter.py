"""The feedback page's exporter: no scripts, a policy that allows none, the notebook's language."""

from typing import Any

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

from nbgrader_sealed.feedback.formulas import render_formulas
from nbgrader_sealed.feedback.template import STYLE, reword
from nbgrader_sealed.messages import SOURCE_LANGUAGE

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)


class FeedbackExporter(HTMLExporter):
    """Export feedback pages in the notebook's language, without scripts.

    For `GenerateFeedback.exporter_class`. The page's Content-Security-Policy allows no script, and the page
    loads nothing from the network.
    """

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert one graded notebook."""
        page, resources = super().from_notebook_node(nb, resources, **kw)
        soup: Any = BeautifulSoup(page, "html.parser")
        for script in soup.find_all("script"):
            script.decompose()
        render_formulas(soup)
        language = nb.metadata.get("lang")
        reword(soup, language, resources.get("nbgrader", {}).get("pending", set()))
        soup.html["lang"] = language if isinstance(language, str) else SOURCE_LANGUAGE
        style = soup.new_tag("style")
        style.string = STYLE
        soup.head.append(style)
        policy = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
        soup.head.insert(0, policy)
        return str(soup), resources
