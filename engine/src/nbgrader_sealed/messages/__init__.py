"""The engine's messages to students, in their notebook's language: English, or a catalogue's."""

import gettext
from functools import cache
from pathlib import Path
from typing import Any

DOMAIN = "nbgrader_sealed"
CATALOGUES = Path(__file__).parent / "locale"  # one folder per language, as gettext expects


def say(language: Any, message: str, **values: object) -> str:
    """Return a message in a language, with its placeholders filled in.

    Parameters
    ----------
    language : object
        A notebook's own; English if there is no catalogue for it.
    message : str
        The message in English, as in the catalogues.
    **values
        The values of its placeholders.
    """
    return _catalogue(language if isinstance(language, str) else "").gettext(message).format(**values)


def later(message: str) -> str:
    """Mark a message for translation by a later `say`."""
    return message


@cache
def languages() -> list[str]:
    """Return the languages that the engine speaks, English first."""
    return ["en", *sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir())]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    known = [language] if language in languages() else []
    return gettext.translation(DOMAIN, CATALOGUES, known, fallback=True)
