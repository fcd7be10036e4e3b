"""The engine's messages to students, in their notebook's language: English, or a catalogue's."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SOURCE_LANGUAGE = "en"  # of the messages in the code
DOMAIN = "nbgrader_sealed"
CATALOGUES = Path(__file__).parent / "locale"  # one folder per language, as gettext expects


@dataclass(frozen=True)
class Message:
    """A message with its values, whose language is not known yet.

    Attributes
    ----------
    text
        The message in English, as in the catalogues.
    values
        The values of its placeholders; a `Message` is translated, too.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: object) -> str:
        """Return it in a language, as `say` does."""
        return say(language, self.text, **self.values)

    def __str__(self) -> str:
        return self.in_language(SOURCE_LANGUAGE)


def say(language: Any, message: str, **values: object) -> str:
    """Return a message in a language, with its placeholders filled in.

    Parameters
    ----------
    language : object
        A notebook's own; English if there is no catalogue for it.
    message : str
        The message in English, as in the catalogues.
    **values
        The values of its placeholders; a `Message` is translated, too.
    """
    spoken = {
        name: value.in_language(language) if isinstance(value, Message) else value
        for name, value in values.items()
    }
    return _catalogue(language if isinstance(language, str) else "").gettext(message).format(**spoken)


def say_in_all(message: Message, separator: str = "\n", first: str = "") -> str:
    """Return a message in all languages, for what has no language of its own.

    Parameters
    ----------
    message : Message
        The message with its values.
    separator : str, optional
        What to put between the languages.
    first : str, optional
        The language to begin with.
    """
    spoken = sorted(languages(), key=lambda language: language != first)
    return separator.join(message.in_language(language) for language in spoken)


def later(message: str) -> str:
    """Mark a message for translation by a later `say`."""
    return message


@cache
def languages() -> list[str]:
    """Return the languages that the engine speaks, English first."""
    return [SOURCE_LANGUAGE, *sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir())]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    known = [language] if language in languages() else []
    return gettext.translation(DOMAIN, CATALOGUES, known, fallback=True)
