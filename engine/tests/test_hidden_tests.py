"""Hidden lines are cut out of a cell and run in this process, with the notebook's names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader_sealed.assignment import HiddenTestError, cut
from nbgrader_sealed.execution.hidden_tests import HiddenNamespace, defined_names, used_names

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
MODULES = {"np": "numpy"}


def cell(*lines: str):
    return cut("\n".join(lines), BEGIN, END)


def hidden(*lines: str):
    return cell(f"### {BEGIN}", *lines, f"### {END}")


def judge(cell, kernel: dict | None = None, namespace: HiddenNamespace | None = None):
    """Run hidden lines over a kernel that has some objects."""
    kernel = kernel or {}
    asked = []

    def ask(names):
        asked.extend(names)
        return {name: kernel[name] for name in names if name in kernel}

    verdict = (namespace or HiddenNamespace(MODULES)).run(cell, ask, 5)
    verdict.asked = asked
    return verdict


def test_a_cell_is_cut_at_its_marks():
    parts = cell("a = 1", f"### {BEGIN}", "assert a == 1", f"### {END}", "b = 2")
    assert (parts.visible, parts.hidden) == ("a = 1\nb = 2", "\n\nassert a == 1\n\n")


@given(
    st.lists(st.sampled_from(["x = 1", "", "# note", "y = x"])), st.lists(st.sampled_from(["assert 1", ""]))
)
def test_each_line_is_in_one_half_and_keeps_its_number(shown, secret):
    parts = cell(*shown, f"### {BEGIN}", *secret, f"### {END}")
    assert parts.visible == "\n".join(shown)
    if parts.hidden:
        lines = parts.hidden.split("\n")
        assert lines[len(shown) + 1 : len(shown) + 1 + len(secret)] == secret


def test_a_cell_without_marks_has_nothing_hidden():
    assert not cell("assert True").hidden
    assert not cell("a = 1", f"### {BEGIN}", "# only a note", f"### {END}").hidden


@pytest.mark.parametrize(
    "lines",
    [
        [f"### {BEGIN}", "a = 1"],
        [f"### {END}"],
        [f"### {BEGIN}", f"### {BEGIN}", f"### {END}"],
        ["if True:", f"    ### {BEGIN}", "    assert 1", f"    ### {END}"],
        [f"### {BEGIN}", "%timeit f()", f"### {END}"],
        [f"### {BEGIN}", "await f()", f"### {END}"],
    ],
)
def test_marks_that_cannot_be_cut_are_refused(lines):
    with pytest.raises(HiddenTestError):
        cell(*lines)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("f(x)", {"f", "x"}),
        ("def g(a):\n    return f(a) + b\ng(1)", {"f", "b", "g"}),
        ("[y for y in z if y > limit]", {"z", "limit"}),
        ("lambda a: a + b", {"b"}),
        ("class C:\n    def m(self):\n        return helper(self)", {"helper"}),
    ],
)
def test_names_that_lines_use_are_found_in_functions_too(lines, names):
    assert names <= used_names(lines)
    assert not used_names(lines) & {"a", "y", "self"}


def test_an_assert_that_fails_is_the_verdict_with_its_message_alone():
    verdict = judge(hidden("assert f(1) == 2, 'f(1) is wrong'"), {"f": lambda x: 0})
    assert verdict.error == ("AssertionError", "f(1) is wrong")


def test_the_last_value_is_the_verdict_and_what_is_printed_is_kept():
    verdict = judge(hidden("print('one of two')", "1.5"))
    assert (verdict.value, verdict.printed, verdict.error) == (1.5, "one of two\n", None)


def test_a_value_that_visible_lines_follow_is_no_verdict():
    assert judge(cell(f"### {BEGIN}", "1.5", f"### {END}", "x = 2")).value is None


def test_the_kernel_is_asked_only_for_names_that_nothing_here_has():
    verdict = judge(hidden("x = np.arange(3)", "print(len(f(x)), missing)"), {"f": lambda x: x})
    assert verdict.asked == ["f", "missing", "x"] or verdict.asked == ["f", "missing"]
    assert verdict.error[0] == "NameError"


def test_a_name_that_the_student_must_define_is_the_students_even_if_python_has_it():
    namespace = HiddenNamespace(MODULES, students={"sum"})
    assert judge(hidden("assert sum([1]) == 'mine'"), {"sum": lambda x: "mine"}, namespace).error is None


def test_what_python_has_is_not_the_students():
    assert judge(hidden("assert sum([1]) == 1"), {"sum": lambda x: 7}).error is None


def test_names_that_hidden_lines_bind_live_on_but_the_students_are_fetched_anew():
    namespace = HiddenNamespace(MODULES)
    judge(hidden("kept = f()"), {"f": lambda: 1}, namespace)
    verdict = judge(hidden("assert (kept, f()) == (1, 2)"), {"f": lambda: 2, "kept": 9}, namespace)
    assert verdict.error is None


def test_what_the_instructors_visible_lines_bind_is_computed_here():
    namespace = HiddenNamespace(MODULES)
    namespace.trust(
        "from math import isclose\nimport math as m\nexpected = m.pi\ndef close(a):\n"
        "    return isclose(a, expected)"
    )
    forged = {"close": lambda a: True, "expected": 0, "isclose": lambda *a: True, "f": lambda: 3.0}
    assert judge(hidden("assert close(f())"), forged, namespace).error is not None
    forged["f"] = lambda: 3.141592653589793
    assert judge(hidden("assert close(f())"), forged, namespace).error is None


def test_the_instructors_visible_lines_run_in_their_order_and_with_what_they_change_in_place():
    namespace = HiddenNamespace(MODULES)
    namespace.trust(
        "a = 1\nb = a + 1\na = 10\nx = np.zeros(3)\nx[1] = 9\nd, l = {}, []\nd['a'] = 1\nl.append(3)"
    )
    namespace.trust("for number in range(2):\n    l.append(number)\nf(a)\nx[0] += 4")
    wrong = judge(
        hidden("assert (a, b, list(x), d, l) == (10, 2, [4, 9, 0], {'a': 1}, [3, 0, 1])"), namespace=namespace
    )
    assert wrong.error is None


def test_visible_lines_of_a_later_cell_bind_their_names_anew():
    namespace = HiddenNamespace(MODULES)
    for number in (1, 2):
        namespace.trust(f"result = f({number})")
        verdict = judge(hidden(f"assert result == {number * 2}"), {"f": lambda x: x * 2}, namespace)
        assert verdict.error is None


def test_visible_lines_that_cannot_run_here_leave_the_name_to_the_kernel():
    namespace = HiddenNamespace(MODULES)
    namespace.trust("data = open('a-file-of-the-submission.csv').read()")
    assert judge(hidden("assert data == 'a,b'"), {"data": "a,b"}, namespace).error is None


def test_a_line_with_something_of_the_students_that_fails_here_is_not_left_to_the_kernel():
    namespace = HiddenNamespace(MODULES, students={"f"})
    namespace.trust("values = f(3)\nlast = values[2]\npairs = [(1, last)]")
    kernel = {"f": lambda x: [1], "values": [1, 2, 3], "last": 3, "pairs": []}
    verdict = judge(hidden("assert all(one == other for one, other in pairs)"), kernel, namespace)
    assert verdict.error[0] == "IndexError"


def test_a_module_that_a_solution_cell_imports_is_not_the_students():
    assert defined_names("import numpy as np\nfrom math import pi\ndef f(): pass\nlimit = 3") == {
        "f",
        "limit",
    }


def test_hidden_lines_that_do_not_end_are_stopped():
    verdict = HiddenNamespace(MODULES).run(hidden("while True:", "    pass"), lambda names: {}, 0.2)
    assert verdict.error[0] == "HiddenTimeout"


def test_hidden_lines_that_exit_do_not_end_the_grading():
    assert judge(hidden("raise SystemExit(3)")).error == ("SystemExit", "3")


def test_what_hidden_lines_write_to_stderr_goes_to_the_log_and_not_to_the_student():
    verdict = judge(hidden("import sys", "print('for the instructor', file=sys.stderr)"))
    assert "for the instructor" in verdict.log
    assert verdict.printed == ""
