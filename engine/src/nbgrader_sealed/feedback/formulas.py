"""Formulas in a page without scripts: TeX becomes MathML, which browsers render themselves."""

import re
from functools import cache

import nh3
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from latex2mathml.converter import convert

MAX_LENGTH = 2_000  # characters of one formula
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?=\S)(?P<inline>[^$\n]+?)(?<=\S)\$(?!\d)", re.DOTALL)
LITERAL_TAGS = ("code", "pre", "math", "style", "svg", "title")  # elements in which $ starts no formula
# fmt: off
TAGS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac",
    "msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom",
    "mstyle", "menclose",
}
ATTRIBUTES = {
    "display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form", "separator",
    "lspace", "rspace", "minsize", "maxsize", "linethickness", "columnalign", "rowspacing", "width",
    "accent", "accentunder", "notation",
}
# fmt: on


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(tags=TAGS, attributes={"*": ATTRIBUTES}, link_rel=None)


def to_mathml(tex: str, block: bool) -> str | None:
    """Convert a formula to sanitised MathML; return None if it is not TeX."""
    if len(tex) > MAX_LENGTH:
        return None
    try:
        return _cleaner().clean(convert(tex, display="block" if block else "inline"))
    except Exception:  # the converter raises anything for what is not TeX, which stays as it is
        return None


def render_formulas(soup: BeautifulSoup) -> None:
    """Replace TeX between dollar signs by MathML in the rendered text of a page."""
    for area in soup.select(".rendered_html"):
        for text in area.find_all(string=FORMULA):
            if not text.find_parent(LITERAL_TAGS):
                _replace(text)


def _replace(text: NavigableString) -> None:
    pieces: list[str | Tag] = []
    end = 0
    for found in FORMULA.finditer(text):
        mathml = to_mathml(found["block"] or found["inline"], bool(found["block"]))
        if mathml is not None:
            pieces += [text[end : found.start()], *BeautifulSoup(mathml, "html.parser").contents]
            end = found.end()
    if pieces:
        text.replace_with(*pieces, text[end:])
