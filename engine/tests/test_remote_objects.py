"""A remote object is called like the function it stands for, and nothing that it answers is trusted."""

import pickle
from time import monotonic

import numpy as np
import pytest
from nbgrader_sealed.execution import remote_objects
from nbgrader_sealed.execution.kernel_client import KernelFault
from nbgrader_sealed.execution.remote_objects import KernelRpc, RemoteError, RemoteObject
from nbgrader_sealed.protocol.wire import WireError


def test_a_function_is_called_with_its_arguments(asked):
    f = asked.define("def f(a, *rest, b=2, **more):\n    return [a, rest, b, more]")
    assert f(1, 2, 3, b=4, c="five") == [1, (2, 3), 4, {"c": "five"}]


def test_a_function_has_its_docstring_and_its_name(asked):
    f = asked.define('def f(x):\n    """Half of x."""')
    assert (f.__doc__, f.__name__) == ("Half of x.", "f")


def test_plain_values_arrive_as_data(asked):
    asked.run("import numpy as np\nnumber, words, grid = 2.5, ['a', 'b'], np.eye(2)")
    found = asked.names("number", "words", "grid", "missing")
    assert set(found) == {"number", "words", "grid"}
    assert (found["number"], found["words"]) == (2.5, ["a", "b"])
    assert np.array_equal(found["grid"], np.eye(2))


def test_an_array_that_the_function_writes_to_changes_here_too(asked):
    f = asked.define("def f(x):\n    x[0] = 9\n    return x.sum()")
    whole = np.arange(8.0)
    view = whole[::-2]
    assert f(view) == 9 + 5 + 3 + 1
    assert whole.tolist() == [0, 1, 2, 3, 4, 5, 6, 9]


def test_a_read_only_array_stays_read_only(asked):
    f = asked.define("def f(x):\n    x[0] = 9")
    x = np.arange(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(x)


def test_containers_that_the_function_changes_change_here_too(asked):
    f = asked.define("def f(a, *, b):\n    a.append(3)\n    b['new'] = [1]")
    a, b = [1], {}
    f(a, b=b)
    assert (a, b) == ([1, 3], {"new": [1]})


def test_an_exception_has_its_type_its_text_and_the_students_line(asked):
    f = asked.define("def f(x):\n    if x < 0:\n        raise ValueError(f'x: {x}')")
    with pytest.raises(ValueError, match="x: -1") as caught:
        f(-1)
    error = caught.value
    assert isinstance(error, RemoteError)
    assert (error.type_name, error.line, error.code) == ("ValueError", 3, "raise ValueError(f'x: {x}')")
    assert not error.fatal


def test_an_exception_of_the_students_own_is_caught_by_what_it_is_made_from(asked):
    f = asked.define("class TooLarge(KeyError):\n    pass\ndef f():\n    raise TooLarge('7')")
    with pytest.raises(LookupError) as caught:
        f()
    assert (type(caught.value).__name__, caught.value.type_name) == ("TooLarge", "TooLarge")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"])
def test_an_exception_that_would_end_the_grading_is_an_ordinary_one_here(asked, name):
    f = asked.define(f"def f():\n    raise {name}")
    with pytest.raises(Exception) as caught:
        f()
    assert caught.value.type_name == name


def test_objects_can_be_called_and_passed_back_and_equal_nothing(asked):
    asked.run(
        "class Account:\n    def __init__(self, n):\n        self.n = n\n"
        "    def add(self, m):\n        self.n += m\n        return self\n"
        "    __eq__ = lambda *a: True\n"
        "def balance(account):\n    return account.n"
    )
    found = asked.names("Account", "balance")
    account = found["Account"](5)
    assert isinstance(account.add(2), RemoteObject)
    assert (account.n, found["balance"](account)) == (7, 7)
    assert account != 7
    assert account != account
    assert (type(account).__name__, account.type_name) == ("Account", "Account")


def test_a_function_of_python_or_numpy_that_the_student_took_is_called_as_any_other(asked):
    asked.run("import numpy as np\nlargest, highest = max, np.max")
    found = asked.names("largest", "highest")
    assert (found["largest"]([1, 3, 2]), found["highest"](np.arange(4))) == (3, 3)


def test_what_the_function_prints_does_not_come_over(asked, capfd):
    assert asked.define("def f():\n    print('loud')\n    return 1")() == 1
    assert capfd.readouterr().out == ""


def test_a_subclass_of_an_array_arrives_as_a_plain_array(asked):
    f = asked.define("import numpy as np\ndef f():\n    return np.matrix([[1, 2]])")
    assert type(f()) is np.ndarray


def test_a_function_of_this_process_is_not_sent(asked):
    f = asked.define("def f(g):\n    return g()")
    with pytest.raises(WireError, match="function"):
        f(lambda: 42)
    assert f(dict) == {}


def test_a_remote_object_of_another_kernel_is_not_sent(asked):
    f = asked.define("def f(g):\n    return g")
    with pytest.raises(WireError):
        f(RemoteObject(KernelRpc(asked.kernel), 1, "function", "f"))


def lying(what: str) -> str:
    """Source that replaces the agent's answers to calls."""
    return f"""
agent = get_ipython().kernel.comm_manager.targets['sealed-grading'].__self__
def npy(header, body):
    return b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2, 'little') + header + body
def answer(data, received):
    if data['do'] != 'call':
        return type(agent).answer(agent, data, received)
    sent = []
    def reply(result, *buffers, **more):
        ok = {{'result': result, 'changed': [], 'refilled': [], **more}}
        sent.append(({{'ok': ok}}, list(buffers)))
    array = {{'t': 'array', 'w': True, 'b': 0}}
    {what}
    return sent[0]
agent.answer = answer
def f(*args):
    pass
"""


class Touch:
    """Unpickling this raises, so that a test sees it."""

    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


LIES = {
    "a pickle in an array": "reply(array, npy(repr({'descr': '|O', 'fortran_order': False, 'shape': (1,)})"
    f".encode(), {pickle.dumps([Touch()])!r}))",
    "an array larger than its bytes": "reply(array, npy(repr({'descr': '<f8', 'fortran_order': False,"
    " 'shape': (10**12,)}).encode(), b'12345678'))",
    "an array with strides": "reply({**array, 'dtype': '<f8', 'shape': [10**12], 'strides': [0], "
    "'offset': 0}, "
    "npy(repr({'descr': '|u1', 'fortran_order': False, 'shape': (8,)}).encode(), bytes(8)))",
    "an array of records": "reply(array, npy(repr({'descr': [('a', '|O')], 'fortran_order': False, "
    "'shape': (1,)}).encode(), bytes(8)))",
    "code for a header": "reply(array, npy(b'__import__(\"sys\").exit()', bytes(8)))",
    "an array that did not come": "reply(array)",
    "a deep answer": "x = []\n    for _ in range(900): x = [x]\n    reply(x)",
    "a value of unknown kind": "reply({'t': '__import__', 'v': 'os'})",
    "no result": "sent.append(({'nonce': nonce, 'ok': True}, []))",
    "changes of nothing": "reply(42, changed=[[0, 1], ['x', {'t': 'object'}], [[], None]])",
    "changes of other arguments": "reply(42, refilled=[[9, [1]]])",
    "an error of no kind": "sent.append(({'nonce': nonce, 'error': [1]}, []))",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_a_wrong_answer_and_nothing_more(asked, lie):
    f = asked.define(lying(LIES[lie]))
    with pytest.raises((WireError, RemoteError)):
        f(np.arange(3))
    asked.run("del agent.answer")


def test_a_function_of_python_that_is_named_is_not_given(asked):
    f = asked.define(lying("reply({'t': 'named', 'm': 'builtins', 'v': 'eval'})"))
    with pytest.raises(WireError, match="names a function"):
        f()
    asked.run("del agent.answer")


OK = "{'result': 42, 'changed': [], 'refilled': []}"
FORGED = f"""
agent = get_ipython().kernel.comm_manager.targets['sealed-grading'].__self__
def answer(data, received):
    if data['do'] != 'calls':
        return type(agent).answer(agent, data, received)
    calls = [{{**answer, 'buffers': 0}} for answer in [{{'ok': {OK}}}] * len(data['calls'])]
    return {{'nonce': data['nonce'], 'ok': calls, **forged(data, calls)}}, []
agent.answer = answer
def f(*args):
    pass
"""


def test_an_answer_to_another_question_is_no_answer(asked):
    f = asked.define(FORGED + "def forged(data, calls): return {'nonce': 'guessed'}")
    with pytest.raises(KernelFault):
        f(1)
    asked.run("del agent.answer")
    asked.rpc.fault = None


@pytest.mark.parametrize(
    "answers",
    [
        "[]",
        "calls * 2",
        "7",
        "None",
        "[7]",
        "[{'ok': 7}]",
        "[{**calls[0], 'buffers': 1}]",
        "[{'buffers': -1}]",
    ],
)
def test_answers_to_calls_that_are_none_raise(asked, answers):
    f = asked.define(FORGED + f"def forged(data, calls): return {{'ok': {answers}}}")
    with pytest.raises(WireError):
        f(1)
    asked.run("del agent.answer")


def test_calls_that_are_made_together_come_back_one_by_one(asked):
    f = asked.define(
        "import numpy as np\ndef f(x, add=0):\n    if add > 90:\n        raise KeyboardInterrupt\n"
        "    x[0] = add\n    return np.flip(x) + (1 / add)"
    )
    arrays = [np.arange(4.0) for _ in range(100)]
    results = list(f._call_each([((x,), {"add": add}) for add, x in enumerate(arrays)]))
    assert len(results) == 100
    with pytest.raises(ZeroDivisionError):
        results[0]()
    for add in range(1, 91):
        np.testing.assert_array_equal(results[add](), [3 + 1 / add, 2 + 1 / add, 1 + 1 / add, add + 1 / add])
        assert arrays[add][0] == add
    for add in range(91, 100):
        with pytest.raises(RemoteError) as caught:
            results[add]()
        assert caught.value.type_name == "KeyboardInterrupt"


def test_more_calls_than_fit_in_one_message_are_all_made(asked, monkeypatch):
    monkeypatch.setattr(remote_objects, "MAX_BATCH_BYTES", 5000)
    f = asked.define("def f(x):\n    return x + 1")
    results = [result() for result in f._call_each([((np.full(300, n),), {}) for n in range(20)])]
    assert [int(result[0]) for result in results] == list(range(1, 21))


def test_a_loop_in_one_of_many_calls_is_fatal_for_all_and_the_kernel_lives_on(asked):
    asked.run("def f(x):\n    while x == 3:\n        pass\n    return x")
    f = asked.names("f", seconds=1)["f"]
    first, *more = f._call_each([((n,), {}) for n in range(6)])
    with pytest.raises(KernelFault):
        first()
    assert not more
    asked.rpc.fault, asked.rpc.deadline = None, monotonic() + 30
    assert f(2) == 2


def test_what_is_no_message_is_passed_over(asked):
    f = asked.define(
        "def f():\n    socket = get_ipython().kernel.iopub_socket\n"
        "    for part in (b'', b'\\xff' * 9, b'[' * 100_000, b'{\"a\": NaN}', b'7'):\n"
        "        socket.send_multipart([b'x', b'<IDS|MSG>', b'sig', part, part, part, part])\n"
        "        get_ipython().kernel.session.send(socket, 'comm_msg', {'data': 3, 'comm_id': []})\n"
        "    return 'here'"
    )
    assert f() == "here"


def test_time_that_is_up_is_fatal_for_all_later_calls_and_the_kernel_lives_on(asked):
    asked.run("def f(x):\n    while x:\n        x = 1")
    f = asked.names("f", seconds=1)["f"]
    for argument in (1, 0):
        with pytest.raises(KernelFault) as caught:
            f(argument)
        assert caught.value.fatal
    asked.rpc.fault, asked.rpc.deadline = None, monotonic() + 30
    assert f(0) is None
