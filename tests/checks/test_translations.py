"""Every sentence is said in both languages, and what is compiled is what is written."""

import json
import shutil
from string import Formatter

import pytest

from classroom import translate
from pooling_lab import language
from pooling_lab.language import current_language, set_language
from pooling_ref.misconceptions import MISCONCEPTIONS

EVERY = [(domain, code) for domain in translate.DOMAINS for code in translate.TRANSLATED_TO]


@pytest.fixture
def free_language(monkeypatch):
    """The language as a fresh kernel finds it."""
    monkeypatch.delenv("POOLING_LANGUAGE", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    set_language(None)
    language._of_notebooks.cache_clear()
    yield
    set_language(None)


@pytest.mark.parametrize(("domain", "code"), EVERY)
def test_every_sentence_of_the_code_is_translated(domain, code):
    assert translate.untranslated(translate.update(domain, code)) == []


@pytest.mark.parametrize(("domain", "code"), EVERY)
def test_the_catalogue_on_disk_holds_exactly_the_sentences_of_the_code(domain, code):
    assert translate.catalogue_path(domain, code).read_bytes() == translate.po_bytes(
        translate.update(domain, code)
    )


@pytest.mark.parametrize(("domain", "code"), EVERY)
def test_the_compiled_catalogue_is_fresh(domain, code):
    compiled = translate.catalogue_path(domain, code).with_suffix(".mo").read_bytes()
    is_fresh = compiled == translate.mo_bytes(translate.update(domain, code))
    assert is_fresh, "./course translate compiles it"


def blanks(sentence):
    return sorted((name, form) for _, name, form, _ in Formatter().parse(sentence) if name is not None)


@pytest.mark.parametrize(("domain", "code"), EVERY)
def test_a_translation_has_the_blanks_of_its_sentence(domain, code):
    for message in translate.update(domain, code):
        if message.id and "{" in message.id:
            assert blanks(message.id) == blanks(message.string), message.id


def test_every_mistake_has_its_own_message():
    messages = [each.message for each in MISCONCEPTIONS.values()]
    assert len(set(messages)) == len(messages)


def test_spanish_is_spoken_where_nobody_says_otherwise(free_language, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert current_language() == "es"


def test_the_notebook_in_the_folder_says_the_language(free_language, monkeypatch, tmp_path):
    (tmp_path / "max_pooling.ipynb").write_text(json.dumps({"metadata": {"lang": "en"}, "cells": []}))
    monkeypatch.chdir(tmp_path)
    assert current_language() == "en"


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"metadata": {"lang": 3}}', '{"metadata": {"lang": "xx"}}']
)
def test_a_broken_notebook_says_nothing_about_the_language(free_language, monkeypatch, tmp_path, text):
    (tmp_path / "broken.ipynb").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert current_language() == "es"


def test_the_environment_wins_over_the_notebook_and_set_language_over_both(
    free_language, monkeypatch, tmp_path
):
    (tmp_path / "max_pooling.ipynb").write_text(json.dumps({"metadata": {"lang": "es"}, "cells": []}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POOLING_LANGUAGE", "en")
    assert current_language() == "en"
    set_language("es")
    assert current_language() == "es"


def test_beside_a_notebook_in_another_language_the_one_that_runs_says_it(
    free_language, monkeypatch, tmp_path
):
    for code in ("en", "es"):
        (tmp_path / f"{code}.ipynb").write_text(json.dumps({"metadata": {"lang": code}, "cells": []}))
    monkeypatch.chdir(tmp_path)
    assert current_language() == "es"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "en.ipynb"))  # as Jupyter does
    assert current_language() == "en"


def test_a_folder_that_is_gone_is_no_error(free_language, monkeypatch, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.rmtree(folder)
    assert current_language() == "es"


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="es, en, not 'fr'"):
        set_language("fr")
