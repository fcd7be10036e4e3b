"""Which language Python speaks to the student, and how a sentence gets into it."""

import gettext
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

DEFAULT = "es"
LANGUAGES = ("es", "en")

_chosen: str | None = None


def set_language(language: str | None) -> None:
    """Speak this language from now on.

    Parameters
    ----------
    language : {"es", "en"} or None
        None goes back to finding the language out.

    Raises
    ------
    ValueError
        Where there is no such language.
    """
    global _chosen
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    _chosen = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while, and then the one from before.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    before = _chosen
    set_language(language)
    try:
        yield
    finally:
        set_language(before)


def current_language() -> str:
    """Return the language spoken now.

    In this order: what `set_language` chose, the environment's POOLING_LANGUAGE, what the notebook that runs
    says in its metadata under `lang` (Jupyter names it in JPY_SESSION_NAME), or where that is not known all
    notebooks in the working directory, Spanish.
    """
    asked = os.environ.get("POOLING_LANGUAGE", "")[:2].lower()
    running = os.environ.get("JPY_SESSION_NAME", "")
    return (
        _chosen
        or (asked if asked in LANGUAGES else None)
        or _of_running(running)
        or _of_notebooks(_here())
        or DEFAULT
    )


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # the folder is gone
        return ""


@lru_cache(maxsize=8)
def _of_running(notebook: str) -> str | None:
    language = _of_notebook(Path(notebook)) if notebook.endswith(".ipynb") else None
    return language if language in LANGUAGES else None


@lru_cache(maxsize=8)
def _of_notebooks(folder: str) -> str | None:
    found = {_of_notebook(path) for path in Path(folder).glob("*.ipynb")} & set(LANGUAGES) if folder else ()
    return found.pop() if len(found) == 1 else None


def _of_notebook(path: Path) -> str | None:
    try:
        language = json.loads(path.read_text(encoding="utf-8"))["metadata"]["lang"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return language if isinstance(language, str) else None


class Sentences:
    """Sentences of one room of the house, in the language spoken now.

    Parameters
    ----------
    domain : str
        The name of the room's catalogue.
    folder : Path
        The `locale` folder that holds it.

    Examples
    --------
    >>> _ = Sentences("pooling_lab", Path(__file__).parent / "locale")
    >>> _("{got} came back, {expected} was expected", got=1, expected=2)  # doctest: +SKIP
    """

    def __init__(self, domain: str, folder: Path):
        self.domain: str = domain
        self.folder: Path = folder
        for language in LANGUAGES:
            _catalogue(domain, folder, language)  # read now, not with the first sentence

    def __call__(self, sentence: str, **values: object) -> str:
        """Return the sentence in the language spoken now, with the values at their places."""
        return _catalogue(self.domain, self.folder, current_language()).gettext(sentence).format(**values)


@lru_cache
def _catalogue(domain: str, folder: Path, language: str) -> gettext.NullTranslations:
    return gettext.translation(domain, folder, [language], fallback=True)


def later(sentence: str) -> str:
    """Mark a sentence of a table for translation; it is translated when it is shown."""
    return sentence


_: Sentences = Sentences("pooling_lab", Path(__file__).parent / "locale")
