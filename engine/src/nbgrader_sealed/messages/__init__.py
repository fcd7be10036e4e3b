"""All that the engine says to students, in the language of their notebook: English, or a catalogue's."""

import gettext
from functools import cache
from pathlib import Path
from typing import Any

DOMAIN = "nbgrader_sealed"
CATALOGUES = Path(__file__).parent / "locale"  # one folder a language, as gettext has them


def say(language: Any, message: str, **values: object) -> str:
    """Return a message in a language, with the values at their places.

    Parameters
    ----------
    language : object
        A notebook's own; English if it is none that there is a catalogue for.
    message : str
        The message in English, as in the catalogues.
    **values
        What stands at its places.
    """
    return _catalogue(language if isinstance(language, str) else "").gettext(message).format(**values)


def later(message: str) -> str:
    """Mark a message of a table for translation; it is translated when it is said."""
    return message


@cache
def languages() -> list[str]:
    """Return the languages that the engine speaks, English first."""
    return ["en", *sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir())]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    known = [language] if language in languages() else []
    return gettext.translation(DOMAIN, CATALOGUES, known, fallback=True)
