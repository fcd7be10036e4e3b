"""What students and instructors see in a browser: no script of a student's runs there."""

import re
from functools import cache
from typing import Any

import nh3
from bs4 import BeautifulSoup
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from .formulas import draw_formulas
from .frame import STYLE, reword

# fmt: off
SVG_TAGS = {
    "circle",
    "desc",
    "ellipse",
    "g",
    "line",
    "path",
    "polygon",
    "polyline",
    "rect",
    "svg",
    "text",
    "title",
    "tspan",
}
SVG_ATTRIBUTES = {
    "cx",
    "cy",
    "d",
    "dominant-baseline",
    "dx",
    "dy",
    "fill",
    "fill-opacity",
    "fill-rule",
    "font-family",
    "font-size",
    "font-weight",
    "height",
    "opacity",
    "points",
    "preserveAspectRatio",
    "r",
    "rx",
    "ry",
    "stroke",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "transform",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
}
HTML_TAGS = nh3.ALLOWED_TAGS | {"details", "summary", "figure", "figcaption", "section"}
ANY_TAG = {"class", "style", "title", "lang", "dir", "role", "aria-label", "aria-hidden"}
STYLES = {
    "align-items",
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-top",
    "color",
    "display",
    "fill",
    "flex",
    "flex-wrap",
    "font-family",
    "font-size",
    "font-style",
    "font-variant-numeric",
    "font-weight",
    "gap",
    "height",
    "justify-content",
    "letter-spacing",
    "line-height",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-width",
    "opacity",
    "overflow",
    "overflow-x",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "stroke",
    "stroke-width",
    "text-align",
    "vertical-align",
    "white-space",
    "width",
}
# fmt: on
DATA_IMAGE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml|webp)[;,]", re.IGNORECASE)
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def _keep(tag: str, name: str, value: str) -> str | None:
    """Keep an attribute's value, but for addresses that are not plain links and pictures from elsewhere."""
    if name == "src":
        return value if tag == "img" and DATA_IMAGE.match(value) else None
    if name == "href":
        return value if re.match(r"(https?://|mailto:|#)", value, re.IGNORECASE) else None
    return value if "url(" not in value.lower() or name not in ("style", "fill", "stroke") else None


@cache
def _cleaner() -> nh3.Cleaner:
    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes["*"] = ANY_TAG
    attributes["img"] = {"src", "alt", "width", "height"}
    attributes["a"] = {"href"}
    attributes["details"] = {"open"}
    attributes["td"] = attributes["th"] = {"colspan", "rowspan", "scope"}
    attributes.update({tag: SVG_ATTRIBUTES for tag in SVG_TAGS})
    return nh3.Cleaner(
        tags=HTML_TAGS | SVG_TAGS,
        clean_content_tags={"script", "style"},
        attributes=attributes,
        attribute_filter=_keep,
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "data"},
    )


def sanitise(text: str) -> str:
    """Return HTML without anything that runs or that loads from elsewhere."""
    return _cleaner().clean(text)


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Turn a student's Markdown into HTML as nbconvert does, and sanitise it.

    For `TemplateExporter.filters` as `markdown2html`, which serves feedback and nbgrader's grading pages.
    """
    return sanitise(_exporter().markdown2html(context, source))


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter()


class SanitiseOutputs(Preprocessor):
    """Sanitise what cells show before a page is made of it (for `HTMLExporter.preprocessors`)."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Drop the notebook's widgets, and go through its cells."""
        nb.metadata.pop("widgets", None)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Sanitise one cell's outputs."""
        for output in cell.get("outputs", []):
            if "data" not in output:
                continue
            output.metadata = NotebookNode()
            for mime in list(output.data):
                if mime not in _CLEAN:
                    del output.data[mime]
                elif _CLEAN[mime] is not None:
                    output.data[mime] = _CLEAN[mime](output.data[mime])
        return cell, resources


_CLEAN: dict[str, Any] = {
    "text/html": sanitise,
    "text/markdown": None,  # goes through the filter `markdown2html`
    "text/latex": None,  # escaped by nbconvert's templates, as are the others
    "text/plain": None,
    "image/svg+xml": None,  # becomes an <img>, in which nothing runs
    "image/png": None,
    "image/jpeg": None,
    "image/gif": None,
}


class FeedbackExporter(HTMLExporter):
    """Make feedback pages without scripts, with a Content-Security-Policy that allows none, in one language.

    For `GenerateFeedback.exporter_class`. A page needs nothing from the network.
    """

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert one graded notebook."""
        page, resources = super().from_notebook_node(nb, resources, **kw)
        soup = BeautifulSoup(page, "html.parser")
        for script in soup.find_all("script"):
            script.decompose()
        draw_formulas(soup)
        language = nb.metadata.get("lang")
        reword(soup, language, resources.get("nbgrader", {}).get("pending", set()))
        soup.html["lang"] = language if isinstance(language, str) else "en"
        style = soup.new_tag("style")
        style.string = STYLE
        soup.head.append(style)
        policy = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
        soup.head.insert(0, policy)
        return str(soup), resources
