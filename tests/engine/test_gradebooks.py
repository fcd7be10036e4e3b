"""The gradebook that is kept open is nbgrader's, but for the connection and the moment of the commit."""

import pytest
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import saveautogrades

from grading_engine.gradebooks import kept_open


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_student("ana")
    return url


def students(url):
    with Gradebook(url) as gradebook:
        return sorted(student.id for student in gradebook.students)


def test_what_is_committed_inside_is_there_when_it_is_closed_and_not_before(url):
    with kept_open():
        with saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("ben")
            gradebook.update_or_create_student("ana", first_name="Ana")
            assert students(url) == ["ana"]
            assert gradebook.find_student("ben").id == "ben"
        assert students(url) == ["ana", "ben"]
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name == "Ana"


def test_an_error_leaves_nothing_of_what_was_begun_and_the_next_goes_on(url):
    with kept_open():
        with pytest.raises(MissingEntry), saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("ben")
            gradebook.find_student("nobody")
        assert students(url) == ["ana"]
        with saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("cleo")
    assert students(url) == ["ana", "cleo"]


def test_what_others_write_meanwhile_is_seen(url):
    with kept_open():
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name is None
        with Gradebook(url) as another:
            another.update_or_create_student("ana", first_name="Ana")
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name == "Ana"


def test_afterwards_a_gradebook_is_nbgraders_own_again(url):
    with kept_open():
        assert saveautogrades.Gradebook is not Gradebook
    assert saveautogrades.Gradebook is Gradebook
