"""The words and scores of nbgrader's feedback page, in the notebook's language.

nbgrader's template has them as fixed English text, and shows an answer that nobody has graded yet with 0
points. Both are corrected in the finished page.
"""

import re
from collections.abc import Mapping, Set
from typing import Any

from bs4.element import NavigableString, Tag
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode

from nbgrader_sealed.messages import later, say
from nbgrader_sealed.private.nbgrader import GradesReader

SCORE = re.compile(r"\(?Score: (?P<points>-?[\d.]+)(?: / (?P<most>[\d.]+))?\)?")
# The words of nbgrader's template, by their place in the page, and what replaces them.
IN_CONTENTS = {
    "Test cell": later("Test cell"),
    "Written response": later("Written answer"),
    "Coding free-response": later("Answer in code"),
    "Comment": later("Comment"),
    "Late submission penalty": later("Handed in late"),
}
IN_HEADING = {
    "Grade cell": later("Test"),
    "Student's answer": later("Your answer"),
    "Top": later("Top"),
}
IN_FOOTER = {
    "Comments": later("Comments"),
    "No response.": later("No answer."),
}
SCORES = {
    "points": later("{points} of {most} points"),
    "pending": later("not graded yet; points possible: {most}"),
    "so-far": later("{points} of {most} points so far"),
    "late": later("{points} points"),
}
STYLE = """
table { border-collapse: collapse; margin: 0 0 1em }
.rendered_html th, .rendered_html td { padding: .25em .75em; border-bottom: 1px solid #ddd; text-align: left }
summary { display: list-item; cursor: pointer }
.anchor-link { display: none }
"""


class GetGradesAndPending(GradesReader):
    """nbgrader's `GetGrades`, which also tells the exporter which answers nobody has graded yet.

    Replaces it in `GenerateFeedback.preprocessors`.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Write the grades into one notebook."""
        resources["nbgrader"]["pending"] = set()
        return super().preprocess(nb, resources)

    def after_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        """Record the cell if it waits for a person."""
        name = cell.metadata.nbgrader["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        waits: Any = grade.needs_manual_grade
        if waits:
            resources["nbgrader"]["pending"].add(name)


def reword(soup: Any, language: object, pending: Set[str]) -> None:
    """Translate the page around the notebook, and mark what is pending.

    Parameters
    ----------
    soup : BeautifulSoup
        nbgrader's feedback page. It is changed in place.
    language : object
        The notebook's own; English if the engine has no such catalogue.
    pending : set of str
        The ids of the cells that nobody has graded yet.
    """
    _reword(soup.h4, language, {}, "so-far" if pending else "points")
    for item in soup.select("#toc li"):
        cell = item.a["href"].removeprefix("#") if item.a else ""  # none for lateness
        key = "pending" if cell in pending else "points" if cell else "late"
        _reword(item, language, IN_CONTENTS, key)
        if item.a:
            item.a.append(f": {cell.removeprefix('comment-')}")
    for heading in soup.select("div.nbgrader_cell > div.panel-heading"):
        name = heading.find_previous_sibling("a")
        is_pending = name is not None and name.get("name") in pending
        _reword(heading, language, IN_HEADING, "pending" if is_pending else "points")
    for footer in soup.select("div.nbgrader_cell > div.panel-footer"):
        _reword(footer, language, IN_FOOTER, "points")


def _reword(place: Tag, language: object, words: Mapping[str, str], key: str) -> None:
    """Replace the template's words in an element, and its score by the message of a key."""
    for text in list(place.find_all(string=True)):
        word = text.partition("(Score")[0].strip(" \n():")
        said = text.replace(word, say(language, words[word])) if word in words else text
        said = SCORE.sub(lambda score: f"({say(language, SCORES[key], **_numbers(score))})", said)
        text.replace_with(NavigableString(said))


def _numbers(score: re.Match) -> dict[str, str]:
    return {name: f"{float(number):g}" for name, number in score.groupdict().items() if number}
