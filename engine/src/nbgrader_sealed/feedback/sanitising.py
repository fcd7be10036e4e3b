"""Sanitising students' text and outputs, so that no script of theirs runs in a browser."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, partial
from html import escape
from typing import Any
from urllib.parse import unquote

import nh3
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from pygments.token import STANDARD_TYPES
from traitlets import List, Unicode

from nbgrader_sealed.private.nbconvert import IPythonRenderer, MarkdownWithMath
from nbgrader_sealed.submission.reading import DATA_URI, MAX_SOURCE, cut_source

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
GLOBAL_ATTRIBUTES = {"class", "style", "title", "lang", "dir", "role", "aria-label", "aria-hidden"}
CSS_PROPERTIES = {
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
# The classes of pandas, nbconvert and Pygments; the formgrader's scripts listen to clicks on others.
CLASSES = frozenset({"dataframe", "anchor-link", "highlight", *STANDARD_TYPES.values()} - {""})
# Limits for inputs that libraries process in quadratic time.
MAX_HTML = 500_000  # characters of one output, without embedded pictures
MAX_TAGS = 20_000
MAX_DEPTH = 200
MAX_ENVIRONMENTS = 200  # of LaTeX, in one cell
MAX_LINE = 2_000  # characters of a line of code
MAX_ESCAPED = 10_000  # characters shown of HTML that exceeds a limit
MAX_TOTAL_SOURCE, MAX_TOTAL_HTML, MAX_TOTAL_TAGS = 2_000_000, 5_000_000, 200_000  # of one notebook
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
EMPTY_TAGS = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
DATA_IMAGE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml|webp)[;,]", re.IGNORECASE)


def _filter_attribute(classes: frozenset[str], tag: str, name: str, value: str) -> str | None:
    """Return the value to keep of an attribute; None if it could load or run something."""
    if name == "src":
        return value if tag == "img" and DATA_IMAGE.match(value) else None
    if name == "href":
        return value if re.match(r"(https?://|mailto:|#)", value, re.IGNORECASE) else None
    if name == "class":
        return " ".join(one for one in value.split() if one in classes) or None
    return value if "url(" not in value.lower() or name not in ("style", "fill", "stroke") else None


@cache
def _cleaner(classes: frozenset[str]) -> nh3.Cleaner:
    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes["*"] = GLOBAL_ATTRIBUTES
    attributes["img"] = {"src", "alt", "width", "height"}
    attributes["a"] = {"href"}
    attributes["details"] = {"open"}
    attributes["td"] = attributes["th"] = {"colspan", "rowspan", "scope"}
    attributes.update({tag: SVG_ATTRIBUTES for tag in SVG_TAGS})
    return nh3.Cleaner(
        tags=HTML_TAGS | SVG_TAGS,
        clean_content_tags={"script", "style"},
        attributes=attributes,
        attribute_filter=partial(_filter_attribute, CLASSES | classes),
        filter_style_properties=CSS_PROPERTIES,
        url_schemes={"http", "https", "mailto", "data"},
    )


def sanitise(text: str, classes: Iterable[str] = ()) -> str:
    """Remove from HTML whatever runs, or loads from elsewhere.

    HTML that is too long or too deep to be cleaned in reasonable time is escaped instead.

    Parameters
    ----------
    text : str
        The HTML.
    classes : iterable of str, optional
        The CSS classes to keep, beside the libraries' own.
    """
    if not _is_feasible(text):
        return _escaped(text[:MAX_ESCAPED])
    return _cleaner(frozenset(classes)).clean(text)


def _is_feasible(text: str) -> bool:
    return (
        len(DATA_URI.sub("", text)) <= MAX_HTML and text.count("<") <= MAX_TAGS and _depth(text) <= MAX_DEPTH
    )


def _depth(text: str) -> int:
    """Return how deeply the elements are nested, counting those that are never closed."""
    opened: Counter[str] = Counter()
    depth = most = 0
    for closes, name in TAG.findall(text):
        name = name.lower()
        if not closes and name not in EMPTY_TAGS:
            opened[name] += 1
            depth += 1
            most = max(most, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return most


def _escaped(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, which shows a missing picture's name."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture's HTML."""
        if not url.startswith("attachment:"):
            return super().image(text, url, title)
        name = url.removeprefix("attachment:")
        known = next((one for one in (name, unquote(name)) if one in self.attachments), None)
        return (
            f"[{text or escape(name)}]"
            if known is None
            else super().image(text, f"attachment:{known}", title)
        )


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Convert a student's Markdown to sanitised HTML, as nbconvert does.

    Text that cannot be parsed, or not in reasonable time, is shown as it is. For `TemplateExporter.filters`
    as `markdown2html`, for feedback and nbgrader's grading pages.
    """
    if len(DATA_URI.sub("", source)) > MAX_SOURCE or source.count("\\begin{") > MAX_ENVIRONMENTS:
        return _escaped(source[:MAX_SOURCE])
    attachments = context.get("cell", {}).get("attachments", {})
    try:
        made = MarkdownWithMath(renderer=_Renderer(escape=False, attachments=attachments)).render(source)
    except Exception:  # unformatted text is better than no page
        return _escaped(source)
    return sanitise(made)


class SanitiseOutputs(Preprocessor):
    """Sanitise outputs before they become a page (for `HTMLExporter.preprocessors`)."""

    css_classes: List[Any] = List(
        Unicode(), help="CSS classes that outputs may keep, beside pandas' and Pygments'."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Drop the notebook's widgets, and sanitise its cells."""
        nb.metadata.pop("widgets", None)
        self.language: Any = nb.metadata.get("lang")
        self.source_left: int = MAX_TOTAL_SOURCE
        self.html_left: int = MAX_TOTAL_HTML
        self.tags_left: int = MAX_TOTAL_TAGS
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Sanitise one cell's outputs, and cut its text if it is too long to be highlighted."""
        remaining = max(self.source_left, 0)
        self.source_left -= len(DATA_URI.sub("", cell.source))
        if self.source_left < 0:
            cell.source = cut_source(cell.source, remaining, self.language, cell.cell_type)
        if cell.cell_type == "code":
            lines = cell.source.split("\n")
            cell.source = "\n".join(cut_source(line, MAX_LINE, self.language) for line in lines)
        for output in cell.get("outputs", []):
            if "data" not in output:
                continue
            output.metadata = NotebookNode()
            for mime in list(output.data):
                if mime not in KEPT_MIME_TYPES:
                    del output.data[mime]
                elif mime == "text/html":
                    output.data[mime] = self._sanitise(output.data[mime])
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("data", True)]
        return cell, resources

    def _sanitise(self, text: str) -> str:
        """Sanitise HTML until the notebook's limit is reached; escape it from there on."""
        self.html_left -= len(DATA_URI.sub("", text))
        self.tags_left -= text.count("<")
        if min(self.html_left, self.tags_left) < 0:
            return _escaped(text[:MAX_ESCAPED])
        return sanitise(text, self.css_classes)


# The filter `markdown2html` sanitises Markdown, nbconvert's templates escape text and LaTeX, and SVG becomes
# an <img>, in which nothing runs.
KEPT_MIME_TYPES = {
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
}
