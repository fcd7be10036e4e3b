"""The two lines of an `nbgrader_config.py` that make a course graded sealed, as traitlets' configuration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from traitlets import List, import_item
from traitlets.config.loader import Config, DeferredConfig, LazyConfigValue

KERNEL = "sandboxed-python"

# Import paths, so that reading a configuration imports nothing of nbgrader, nor more of the engine.
_KEEP_LANGUAGE = "nbgrader_sealed.authoring.languages.KeepLanguage"
_WARN_UNSEALABLE = "nbgrader_sealed.authoring.warn_unsealable.WarnUnsealable"
_NORMALISE = "nbgrader_sealed.submission.normalise.Normalise"
_EXECUTE = "nbgrader_sealed.execution.preprocessor.SealedExecute"
_SHOW_GRADES = "nbgrader_sealed.feedback.template.GetGradesAndPending"
_SHOW_RESULTS = "nbgrader_sealed.feedback.results.ShowResults"
_SANITISE = "nbgrader_sealed.feedback.sanitising.SanitiseOutputs"


@dataclass(frozen=True)
class Changes:
    """Changes to a list of preprocessors; those of the list are known by the names of their classes.

    Attributes
    ----------
    first, last
        The import paths to put before and after all others.
    replace
        The import path that replaces a preprocessor; an empty string removes it.
    before
        The import path to put directly before a preprocessor.
    earlier
        The preprocessors to move directly before another one.
    """

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    replace: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)

    def apply(self, preprocessors: Iterable[Any]) -> list[Any]:
        """Return the changed list; it is as it was if it contains one of the new preprocessors already."""
        kept = list(preprocessors)
        new = {*self.first, *self.last, *self.replace.values(), *self.before.values()}
        if {_name_of(path) for path in new if path} & set(map(_name_of, kept)):
            return kept
        changed: list[Any] = []
        for each in kept:
            name = _name_of(each)
            changed += [one for one in (self.before.get(name), self.replace.get(name, each)) if one]
        for moved, follower in self.earlier.items():
            _move(changed, moved, follower)
        return [import_item(one) if one in new else one for one in (*self.first, *changed, *self.last)]


class ChangedPreprocessors(list[Any], DeferredConfig):
    """A converter's own list of preprocessors with `Changes`, made when the converter is configured.

    The converter's list is the installed nbgrader's, whatever that contains. Until then this is an empty
    list that records what a configuration does to it: `append`, `extend`, `insert` and `prepend`, in one file
    or in a later one that is merged into it. (A `LazyConfigValue`, which traitlets has for this, does not
    survive such a merge.)

    Parameters
    ----------
    changes
        The changes.
    base
        The list to change instead of the converter's own.
    """

    def __init__(self, changes: Changes, base: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.changes = changes
        self.base: list[Any] | None = None if base is None else list(base)
        self.edits: list[tuple[int | None, list[Any]]] = []  # an index (None for the end), and what to insert

    def append(self, item: Any) -> None:
        """Put a preprocessor after all others."""
        self.edits.append((None, [item]))

    def extend(self, items: Iterable[Any]) -> None:
        """Put preprocessors after all others."""
        self.edits.append((None, list(items)))

    def insert(self, index: Any, item: Any) -> None:
        """Put a preprocessor at an index of the whole list."""
        self.edits.append((index, [item]))

    def prepend(self, items: Iterable[Any]) -> None:
        """Put preprocessors before all others."""
        self.edits.append((0, list(items)))

    def __setitem__(self, index: Any, items: Any) -> None:
        """Prepend, as traitlets does for an earlier configuration: `value[:0] = items`."""
        if index != slice(None, 0):
            raise TypeError(f"preprocessors: only append, extend, insert and prepend work, not {index!r}")
        self.prepend(items)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.changes} {self.edits}>"

    def get_value(self, trait: List[Any]) -> list[Any]:
        """Return the list for a converter's trait."""
        found = self.changes.apply(trait.default() or [] if self.base is None else self.base)
        for index, items in self.edits:
            place = slice(len(found), None) if index is None else slice(index, index)
            found[place] = items
        return found


def _move(preprocessors: list[Any], moved: str, follower: str) -> None:
    """Move a preprocessor directly before the first of another name, if both are in the list."""
    names = [_name_of(one) for one in preprocessors]
    if moved in names and follower in names and names.index(follower) < names.index(moved):
        preprocessors.insert(names.index(follower), preprocessors.pop(names.index(moved)))


def _name_of(preprocessor: Any) -> str:
    """Return the name of a preprocessor's class, given as that, as its path, or as an instance."""
    if isinstance(preprocessor, str):
        return preprocessor.rpartition(".")[2]
    return getattr(preprocessor, "__name__", type(preprocessor).__name__)


def _change(section: Config, trait: str, changes: Changes) -> None:
    """Set a list's changes; what the configuration has done to the list before stays."""
    known = section.get(trait)
    changed = ChangedPreprocessors(changes)
    if isinstance(known, ChangedPreprocessors):
        changed.base, changed.edits = known.base, known.edits
    elif isinstance(known, LazyConfigValue):
        changed = known.get_value(changed)
    elif known is not None:
        changed.base = list(known)
    section[trait] = changed


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
    """Configure a course to be released, autograded and given feedback sealed.

    Settings made on `c` afterwards override these. nbgrader's own settings stay as they are, and so do its
    lists of preprocessors, except for those replaced here; `append`, `extend`, `insert` and `prepend` work.

    Parameters
    ----------
    c : Config
        What `get_config()` returns in an `nbgrader_config.py`.
    language : str, optional
        The language that `nbgrader generate_assignment` keeps of notebooks in several (the cells tagged
        `lang-LANGUAGE`), and the first language of the message in an unreadable notebook.
    language_variable, seed_variable : str, optional
        The environment variables that pass to hidden tests the language of the notebook, and the seed of a
        run of `nbgrader-sealed grade`, so that a whole class gets the same cases.
    packages : iterable of str, optional
        Importable packages that notebooks need and that are not installed, but in the course's folder.
    preload : iterable of str, optional
        Modules that notebooks import, to be loaded once for all kernels.
    css_classes : iterable of str, optional
        Classes that the HTML of outputs keeps in feedback, beside those of pandas and Pygments.
    prepare : str, optional
        A function, as `module:function`, that is called once with the assignment's name before a class is
        graded; all hidden tests share what it has loaded and computed.
    mark_schemes_in_answers : bool, optional
        Whether marking schemes are in the cells of written answers (nbgrader has them in task cells), and
        must be removed before the checksum by which nbgrader recognises an untouched answer.

    Raises
    ------
    TypeError
        If an argument has the wrong type; the message names it and its value.
    """
    _check_type("c", c, Config)
    _check_type("mark_schemes_in_answers", mark_schemes_in_answers, bool)
    strings = {
        "language": language,
        "language_variable": language_variable,
        "seed_variable": seed_variable,
        "prepare": prepare,
    }
    for name, value in strings.items():
        _check_type(name, value, str)
    kept = _names("css_classes", css_classes)
    shown, loaded = _names("packages", packages), _names("preload", preload)
    _configure_release(c, language, mark_schemes_in_answers)
    _configure_grading(c, language, language_variable)
    _configure_feedback(c, kept)
    c.GradeApp.seed_variable = seed_variable
    c.GradeApp.prepare = prepare
    c.Sandbox.packages = shown
    c.Sandbox.preload = loaded


def _check_type(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {value!r}")


def _names(name: str, value: Iterable[str]) -> list[str]:
    """Return an argument that is a list of names."""
    names = None if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    if names is None or not all(isinstance(one, str) for one in names):
        raise TypeError(f"{name} must be a list of names, not {value!r}")
    return names


def _configure_release(c: Config, language: str, mark_schemes_in_answers: bool) -> None:
    c.KeepLanguage.language = language
    changes = Changes(
        first=(_KEEP_LANGUAGE,),
        before={"ClearHiddenTests": _WARN_UNSEALABLE},
        earlier={"ClearMarkScheme": "ComputeChecksums"} if mark_schemes_in_answers else {},
    )
    _change(c.GenerateAssignment, "preprocessors", changes)
    if mark_schemes_in_answers:
        c.ClearMarkScheme.enforce_metadata = False


def _configure_grading(c: Config, language: str, language_variable: str) -> None:
    c.Autograde.pre_convert_hook = "nbgrader_sealed.submission.links.disarm_links"
    c.Autograde.exporter_class = "nbgrader_sealed.submission.reading.SafeNotebookExporter"
    c.Exporter.optimistic_validation = True  # validates after the last preprocessor alone
    # nbgrader's metadata need no check, since Normalise writes them from the gradebook.
    changes = Changes(replace={"DeduplicateIds": "", "OverwriteCells": _NORMALISE, "CheckCellMetadata": ""})
    _change(c.Autograde, "sanitize_preprocessors", changes)
    changes = Changes(replace={"Execute": _EXECUTE, "CheckCellMetadata": ""})
    _change(c.Autograde, "autograde_preprocessors", changes)
    c.SafeNotebookExporter.language = language
    c.SealedExecute.kernel_name = KERNEL
    c.SealedExecute.language_variable = language_variable


def _configure_feedback(c: Config, css_classes: list[str]) -> None:
    c.GenerateFeedback.exporter_class = "nbgrader_sealed.feedback.exporter.FeedbackExporter"
    changes = Changes(replace={"GetGrades": _SHOW_GRADES}, last=(_SHOW_RESULTS,))
    _change(c.GenerateFeedback, "preprocessors", changes)
    # For nbgrader's grading pages, too.
    _change(c.HTMLExporter, "preprocessors", Changes(last=(_SANITISE,)))
    c.HTMLExporter.filters.update({"markdown2html": "nbgrader_sealed.feedback.sanitising.safe_markdown"})
    c.SanitiseOutputs.css_classes = css_classes
