"""The two lines of an `nbgrader_config.py`: how a course is graded sealed, as traitlets' configuration."""

from collections.abc import Iterable, Mapping
from typing import Any

from traitlets import import_item
from traitlets.config.loader import Config, LazyConfigValue

KERNEL = "sandboxed-python"

# By name, so that to read a configuration loads nothing of nbgrader's, nor of ours.
_KEEP_LANGUAGE = "nbgrader_sealed.authoring.languages.KeepLanguage"
_WARN_UNSEALABLE = "nbgrader_sealed.authoring.warn_unsealable.WarnUnsealable"
_NORMALISE = "nbgrader_sealed.submission.normalise.Normalise"
_EXECUTE = "nbgrader_sealed.execution.preprocessor.SealedExecute"
_SHOW_GRADES = "nbgrader_sealed.feedback.template.GetGradesAndPending"
_SHOW_RESULTS = "nbgrader_sealed.feedback.results.ShowResults"
_SANITISE = "nbgrader_sealed.feedback.sanitising.SanitiseOutputs"


class Steps(LazyConfigValue):
    """A converter's own list of preprocessors, changed when the converter takes it.

    Whatever the installed nbgrader has in its list stays, in its order; `append`, `prepend` and `insert`
    change it further.

    Parameters
    ----------
    first, last : iterable of str
        What to put before and after all others, by import path.
    replace : mapping of str to str
        What takes the place of a preprocessor, by the name of its class; an empty string leaves it out.
    before : mapping of str to str
        What to put directly before a preprocessor, by the name of its class.
    earlier : mapping of str to str
        The preprocessors to move directly before another, by the names of their classes.
    """

    def __init__(
        self,
        first: Iterable[str] = (),
        last: Iterable[str] = (),
        replace: Mapping[str, str] | None = None,
        before: Mapping[str, str] | None = None,
        earlier: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.first, self.last = list(first), list(last)
        self.replace, self.before, self.earlier = dict(replace or {}), dict(before or {}), dict(earlier or {})

    def get_value(self, initial: list[Any]) -> list[Any]:
        """Return the list to use in the place of `initial`."""
        steps: list[Any] = []
        for step in initial:
            name = _name_of(step)
            new = self.replace.get(name, step)
            steps += [path for path in (self.before.get(name), new) if path]
        for moved, follower in self.earlier.items():
            _move(steps, moved, follower)
        ours = [step for step in (*self.first, *steps, *self.last) if isinstance(step, str)]
        if set(map(_name_of, ours)) & set(map(_name_of, initial)):
            return initial  # already changed
        return super().get_value([_loaded(step) for step in (*self.first, *steps, *self.last)])

    def merge_into(self, other: Any) -> Any:
        """Return what two configurations say together."""
        return self if isinstance(other, LazyConfigValue) else self.get_value(other)


def _move(steps: list[Any], moved: str, follower: str) -> None:
    """Move a step directly before the first of another name, if both are there."""
    names = [_name_of(step) for step in steps]
    if moved in names and follower in names and names.index(follower) < names.index(moved):
        steps.insert(names.index(follower), steps.pop(names.index(moved)))


def _name_of(step: Any) -> str:
    return step.rpartition(".")[2] if isinstance(step, str) else step.__name__


def _loaded(step: Any) -> Any:
    return import_item(step) if isinstance(step, str) else step


def configure(
    c: Config,
    *,
    language: str = "",
    language_variable: str = "",
    seed_variable: str = "",
    packages: Iterable[str] = (),
    preload: Iterable[str] = (),
    css_classes: Iterable[str] = (),
    prepare: str = "",
    mark_schemes_in_answers: bool = False,
) -> None:
    """Let a course be released, autograded and given feedback sealed.

    What is set on `c` afterwards counts more. nbgrader's own settings and lists stay as they are, but for the
    steps that are replaced here.

    Parameters
    ----------
    c : Config
        What `get_config()` returns in an `nbgrader_config.py`.
    language : str, optional
        The language that the plain `nbgrader generate_assignment` keeps of notebooks in several (as in the
        tag `lang-es`), and the first to say that a file could not be read in.
    language_variable, seed_variable : str, optional
        The environment variables that tell the hidden tests the language of the notebook, and the seed of a
        run of `nbgrader-sealed grade`, so that a whole class is asked the same.
    packages : iterable of str, optional
        Importable packages that notebooks need and that are not installed, but lie in the course's folder.
    preload : iterable of str, optional
        Modules that notebooks import: loaded once, they are there when a kernel starts.
    css_classes : iterable of str, optional
        Classes that the HTML of outputs may keep in feedback, beside pandas' and Pygments'.
    prepare : str, optional
        A function of the course's, as `module:function`, that is called with the assignment's name once
        before a class is graded: what it works out, all hidden tests share.
    mark_schemes_in_answers : bool, optional
        Whether marking schemes stand in the cells of written answers (nbgrader has them in task cells), and
        have to go before an untouched answer is compared with the assignment's.

    Raises
    ------
    TypeError
        If one of several names is given as a single string.
    """
    several = {"packages": packages, "preload": preload, "css_classes": css_classes}
    for name, value in several.items():
        if isinstance(value, str):
            raise TypeError(f"{name} must be a list of names, not the string {value!r}")
    _configure_release(c, language, mark_schemes_in_answers)
    _configure_grading(c, language, language_variable)
    _configure_feedback(c, css_classes)
    c.GradeApp.seed_variable = seed_variable
    c.GradeApp.prepare = prepare
    c.Sandbox.packages = list(packages)
    c.Sandbox.preload = list(preload)


def _configure_release(c: Config, language: str, mark_schemes_in_answers: bool) -> None:
    c.KeepLanguage.language = language
    c.GenerateAssignment.preprocessors = Steps(
        first=[_KEEP_LANGUAGE],
        before={"ClearHiddenTests": _WARN_UNSEALABLE},
        earlier={"ClearMarkScheme": "ComputeChecksums"} if mark_schemes_in_answers else None,
    )
    if mark_schemes_in_answers:
        c.ClearMarkScheme.enforce_metadata = False


def _configure_grading(c: Config, language: str, language_variable: str) -> None:
    c.Autograde.pre_convert_hook = "nbgrader_sealed.submission.links.disarm_links"
    c.Autograde.exporter_class = "nbgrader_sealed.submission.reading.SafeNotebookExporter"
    c.Exporter.optimistic_validation = True  # once, after the last preprocessor, and not after each of them
    # nbgrader's metadata need no check: Normalise writes them anew, from the gradebook.
    c.Autograde.sanitize_preprocessors = Steps(
        replace={"DeduplicateIds": "", "OverwriteCells": _NORMALISE, "CheckCellMetadata": ""}
    )
    c.Autograde.autograde_preprocessors = Steps(replace={"Execute": _EXECUTE, "CheckCellMetadata": ""})
    c.SafeNotebookExporter.language = language
    c.SealedExecute.kernel_name = KERNEL
    c.SealedExecute.language_variable = language_variable


def _configure_feedback(c: Config, css_classes: Iterable[str]) -> None:
    c.GenerateFeedback.exporter_class = "nbgrader_sealed.feedback.exporter.FeedbackExporter"
    c.GenerateFeedback.preprocessors = Steps(replace={"GetGrades": _SHOW_GRADES}, last=[_SHOW_RESULTS])
    c.HTMLExporter.preprocessors = Steps(last=[_SANITISE])  # of nbgrader's grading pages, too
    c.HTMLExporter.filters = {"markdown2html": "nbgrader_sealed.feedback.sanitising.safe_markdown"}
    c.SanitiseOutputs.css_classes = list(css_classes)
