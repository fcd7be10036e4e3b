"""The persistent gradebook behaves as nbgrader's, except for its connection and the moment of commit."""

import shutil

import pytest
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import saveautogrades
from nbgrader_sealed.private.nbgrader import PersistentGradebook, keep_gradebooks_open
from sqlalchemy import event


@pytest.fixture(scope="module")
def with_ana(processes, tmp_path_factory):
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}") as gradebook:
        gradebook.add_student("ana")
    return path


@pytest.fixture
def url(with_ana, tmp_path):
    return f"sqlite:///{shutil.copy(with_ana, tmp_path)}"


def students(url):
    with Gradebook(url) as gradebook:
        return sorted(student.id for student in gradebook.students)


def test_what_is_committed_inside_is_there_when_it_is_closed_and_not_before(url):
    with keep_gradebooks_open():
        with saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("ben")
            gradebook.update_or_create_student("ana", first_name="Ana")
            assert students(url) == ["ana"]
            assert gradebook.find_student("ben").id == "ben"
        assert students(url) == ["ana", "ben"]
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name == "Ana"


def test_an_error_leaves_nothing_of_what_was_begun_and_the_next_goes_on(url):
    with keep_gradebooks_open():
        with pytest.raises(MissingEntry), saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("ben")
            gradebook.find_student("nobody")
        assert students(url) == ["ana"]
        with saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("cleo")
    assert students(url) == ["ana", "cleo"]


def test_a_commit_that_fails_is_told_and_the_next_goes_on(url):
    def refuse(session):
        raise OSError("the disk is full")

    with keep_gradebooks_open():
        with pytest.raises(OSError, match="full"), saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("ben")
            event.listen(gradebook.db(), "before_commit", refuse)
        assert students(url) == ["ana"]
        with saveautogrades.Gradebook(url) as gradebook:
            gradebook.add_student("cleo")
    assert students(url) == ["ana", "cleo"]


def test_in_one_session_what_was_read_is_known_and_each_close_writes(url):
    asked = []
    with keep_gradebooks_open():
        with PersistentGradebook.one_session():
            with saveautogrades.Gradebook(url) as gradebook:
                event.listen(gradebook.engine, "before_cursor_execute", lambda *what: asked.append(what[2]))
                ana = gradebook.find_student("ana")
                ana.first_name = "Ana"
            assert students(url) == ["ana"] and asked
            asked.clear()
            with saveautogrades.Gradebook(url) as gradebook:
                assert ana.first_name == "Ana" and not asked
                gradebook.add_student("ben")
            assert students(url) == ["ana", "ben"]
            with pytest.raises(MissingEntry), saveautogrades.Gradebook(url) as gradebook:
                gradebook.add_student("cleo")
                gradebook.find_student("nobody")
            assert students(url) == ["ana", "ben"]
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana") is not ana
            assert gradebook.find_student("ana").first_name == "Ana"


def test_what_others_write_meanwhile_is_seen(url):
    with keep_gradebooks_open():
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name is None
        with Gradebook(url) as another:
            another.update_or_create_student("ana", first_name="Ana")
        with saveautogrades.Gradebook(url) as gradebook:
            assert gradebook.find_student("ana").first_name == "Ana"


def test_grades_and_comments_are_those_that_nbgrader_finds(url):
    whose = "pooling", "max-pooling", "ana"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("max-pooling")
        gradebook.add_notebook("pooling", "max-pooling")
        for name in ("one", "both"):
            gradebook.add_grade_cell(name, "pooling", "max-pooling", max_score=2, cell_type="code")
        for name in ("code", "both"):
            gradebook.add_solution_cell(name, "pooling", "max-pooling")
        gradebook.add_task_cell("task", "pooling", "max-pooling", max_score=3, cell_type="markdown")
        gradebook.add_submission("max-pooling", "ana")
        grades = {name: gradebook.find_grade(name, *whose).id for name in ("one", "both", "task")}
        comments = {name: gradebook.find_comment(name, *whose).id for name in ("code", "both", "task")}
    with keep_gradebooks_open(), saveautogrades.Gradebook(url) as kept:
        assert {name: kept.find_grade(name, *whose).id for name in grades} == grades
        assert {name: kept.find_comment(name, *whose).id for name in comments} == comments
        kept.find_grade("one", *whose).auto_score = 1.5
        for find, cell in ((kept.find_grade, "code"), (kept.find_comment, "one"), (kept.find_grade, "none")):
            with pytest.raises(MissingEntry):
                find(cell, *whose)
        with pytest.raises(MissingEntry):
            kept.find_grade("one", "pooling", "max-pooling", "ben")
    with Gradebook(url) as gradebook:
        assert gradebook.find_grade("one", *whose).auto_score == 1.5


def test_afterwards_a_gradebook_is_nbgraders_own_again(url):
    with keep_gradebooks_open():
        assert saveautogrades.Gradebook is not Gradebook
    assert saveautogrades.Gradebook is Gradebook
