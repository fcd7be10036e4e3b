"""The source notebooks hold together: the same in two languages, graded cells as the course needs them."""

import re
from itertools import pairwise

from nbgrader_sealed.authoring.clean_notebooks import bad_ids, text_of
from nbgrader_sealed.authoring.languages import language_of

LANGUAGES = ["es", "en"]
POINTS = 20

# What a translation must not change.
SAME = {
    "formulas": r"\$\$.+?\$\$|\$[^$\n]+\$",
    "code": r"`[^`]+`",
    "links": r"(?<!!)\[[^\]]*\]\(([^)]+)\)",
    "images": r"!\[[^\]]*\]\(([^)]+)\)",
    "html": r"</?[a-z]+>",
    "headings": r"(?m)^#+ ",
    "list items": r"(?m)^(?:- |\d\. )",
    "table rows": r"(?m)^\|",
    "difficulty": r"[★☆]{3}",
}
# Numbers are the same too, written as figures.
NUMBER = r"\d+(?:\.\d+)?"


def prose(nb):
    return [cell for cell in nb.cells if language_of(cell)]


def test_every_prose_cell_has_its_partner_directly_after(source):
    languages = [language_of(cell) for cell in source.cells]
    for index, language in enumerate(languages):
        if language == "es":
            assert languages[index + 1] == "en", source.cells[index].id
        if language == "en":
            assert languages[index - 1] == "es", source.cells[index].id


def test_partners_share_the_name_of_their_cell(source):
    cells = prose(source)
    for spanish, english in zip(cells[::2], cells[1::2], strict=True):
        assert spanish.id.removesuffix("-es") == english.id.removesuffix("-en")
        assert spanish.id.endswith("-es") and english.id.endswith("-en")


def test_every_markdown_cell_is_in_a_language_or_is_a_written_answer(source):
    for cell in source.cells:
        if cell.cell_type == "markdown":
            assert language_of(cell) or cell.metadata.nbgrader.solution, cell.id
        else:
            assert language_of(cell) is None, f"code stands once: {cell.id}"


def test_both_languages_have_the_same_formulas_code_links_images_and_structure(source):
    cells = prose(source)
    for spanish, english in zip(cells[::2], cells[1::2], strict=True):
        for what, pattern in SAME.items():
            assert re.findall(pattern, spanish.source) == re.findall(pattern, english.source), (
                f"{what} differ in {spanish.id}"
            )
        numbers = [sorted(re.findall(NUMBER, cell.source)) for cell in (spanish, english)]
        assert numbers[0] == numbers[1], f"numbers differ in {spanish.id}"


def test_a_notebook_opens_with_what_you_will_do_learn_and_need(source):
    opening = {language_of(cell): cell.source for cell in source.cells[:2]}
    for words in ("**Qué harás", "**Qué aprenderás", "**Qué necesitas"):
        assert words in opening["es"]
    for words in ("**What you'll do", "**What you'll learn", "**What you'll need"):
        assert words in opening["en"]


def test_ids_are_words_and_the_names_of_graded_cells(source):
    assert bad_ids(source) == []


def test_points_add_up(source):
    points = [cell.metadata.nbgrader.points for cell in source.cells if _graded(cell)]
    assert sum(points) == POINTS


def test_the_points_in_the_prose_are_those_of_the_cells(source):
    points = [cell.metadata.nbgrader.points for cell in source.cells if _graded(cell)]
    for cell, language in zip(source.cells[:2], LANGUAGES, strict=True):
        rows = re.findall(r"(?m)^\| \d+ \| .+? \| (\d+) \|", cell.source)
        assert [int(row) for row in rows] == points, language
    for language, word in zip(LANGUAGES, ("punto", "point"), strict=True):
        lines = "\n".join(cell.source for cell in prose(source) if language_of(cell) == language)
        headed = re.findall(rf"(?m)^\*(\d+) {word}s? · ", lines)
        assert [int(number) for number in headed] == points, language


def test_the_minutes_of_the_tasks_are_those_of_the_opening(source):
    for language, word in zip(LANGUAGES, ("minutos", "minutes"), strict=True):
        text = "\n".join(cell.source for cell in prose(source) if language_of(cell) == language)
        table = re.findall(r"(?m)^\| \d+ \| .+? \| \d+ \| (\d+) \|", text)
        assert table == re.findall(rf"(?m)^\*.* · (\d+) {word} · ", text), language


FORM = re.compile(
    r"from pooling_lab(?:\.\w+)? import (\w+)\n\n\1\((.+)\)\n### BEGIN HIDDEN TESTS\n"
    r"from pooling_ref\.checks import (grade\w*)\n\n\3\(\"(\w+)\", \2, points=(\d+)\)\n### END HIDDEN TESTS"
)


def test_every_test_cell_is_locked_and_has_one_form(source):
    """Visible: one call on the student's functions. Hidden: one grading of the same, for the points."""
    tests = [cell for cell in source.cells if _graded(cell) and cell.cell_type == "code"]
    assert tests
    for test in tests:
        form = FORM.fullmatch(test.source)
        assert form, test.id
        assert test.id == f"{_words(form[4])}-test"
        assert int(form[5]) == test.metadata.nbgrader.points
        assert test.metadata.nbgrader.locked


def test_the_test_of_a_task_comes_directly_after_its_solution(source):
    for solution, test in pairwise(source.cells):
        if solution.cell_type == "code" and solution.metadata.get("nbgrader", {}).get("solution"):
            function = re.search(r"^def (\w+)\(", solution.source, re.MULTILINE)[1]
            assert (solution.id, test.id) == (f"{_words(function)}-solution", f"{_words(function)}-test")
            assert f"check({function})" in test.source
            assert not solution.metadata.nbgrader.grade


def test_a_race_is_a_locked_test_of_one_form_against_a_locked_rival(source):
    for cell in source.cells:
        if not cell.id.endswith("-speed-test"):
            continue
        function = cell.id.removesuffix("-speed-test").replace("-", "_")
        rival = re.search(r"race\(\w+, (\w+)\)", cell.source)[1]
        assert cell.metadata.nbgrader.locked
        assert cell.source == (
            f"from pooling_lab.speed import race\n\nrace({function}, {rival})\n### BEGIN HIDDEN TESTS\n"
            f"from pooling_ref.checks import grade_speed\n\n"
            f'grade_speed("{function}_speed", {function}, {rival}, points={cell.metadata.nbgrader.points})\n'
            "### END HIDDEN TESTS"
        )
        rivals = [other for other in source.cells if f"def {rival}(" in other.source]
        assert [other.metadata.nbgrader.locked for other in rivals] == [True]


def test_each_written_answer_has_a_solution_and_a_marking_scheme_in_both_languages(source):
    answers = [cell for cell in source.cells if _graded(cell) and cell.cell_type == "markdown"]
    assert answers
    for answer in answers:
        regions = re.findall(r"### BEGIN (SOLUTION|MARK SCHEME)\n(.*?)\n### END \1", answer.source, re.DOTALL)
        assert [kind for kind, _ in regions] == ["SOLUTION", "MARK SCHEME"]
        for _, text in regions:
            assert text.index("**Español") < text.index("**English")
        marks = re.findall(r"\*(\d) (?:puntos?|points?)\*", regions[1][1])
        assert sum(map(int, marks)) == len(LANGUAGES) * answer.metadata.nbgrader.points


def test_hints_never_hold_a_line_of_the_solution(source):
    solutions = "\n".join(cell.source for cell in source.cells if cell.id.endswith("-solution"))
    hints = "\n".join(cell.source for cell in prose(source))
    for line in map(str.strip, solutions.splitlines()):
        if " = " in line or line.startswith(("return ", "for ", "if ")):
            assert line not in hints


def test_the_source_is_clean(source):
    for cell in source.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.id
    assert source.metadata.kernelspec.name == "python3"
    assert text_of(source).endswith("}\n")


def _graded(cell) -> bool:
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def _words(function: str) -> str:
    return function.replace("_", "-")
