"""Attacks on the verdict: each function changes a solved notebook of the tiny course before it is handed in.

Its docstring tells what the student does, its `@attack` the scores that this must come to. Unless that tells
otherwise, the student has not solved `double`, must get 0 for it, and keeps the points of the other tasks.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader_sealed.result import MIME

from .tiny_course import FULL, cell, nbgrader_metadata

NOTHING = {name: 0.0 for name in FULL}
NO_DOUBLE = {**FULL, "double-test": 0.0}
WRONG = "def double(x):\n    return None"


@dataclass(frozen=True)
class Attack:
    """An attack, and the scores that it must come to."""

    change: Callable[[NotebookNode], object]
    scores: dict[str, float]


ATTACKS: dict[str, Attack] = {}


def attack(scores: dict[str, float] = NO_DOUBLE, solution: str | None = WRONG) -> Callable:
    """Put a function into the table, with what stands in place of the solution of `double`."""

    def put(change: Callable[[NotebookNode], object]) -> Callable:
        def whole(nb: NotebookNode) -> object:
            if solution is not None:
                cell(nb, "double-solution").source = solution
            return change(nb)

        ATTACKS[change.__name__] = Attack(whole, scores)
        return change

    return put


def own_cell(nb: NotebookNode, source: str, before: str = "double-test") -> None:
    """Put a code cell of the student's own before another."""
    nb.cells.insert(nb.cells.index(cell(nb, before)), new_code_cell(source))


# The notebook is made to skip or soften the test.


@attack()
def skip_execution_tag(nb):
    """Tag the test cell so that it does not run."""
    for one in nb.cells:
        one.metadata["tags"] = ["skip-execution"]


@attack()
def raises_exception_tag(nb):
    """Tag the test cell so that its exception is allowed."""
    cell(nb, "double-test").metadata["tags"] = ["raises-exception", "remove-cell", "hide-output"]


@attack()
def edited_test(nb):
    """Rewrite the locked test cell."""
    cell(nb, "double-test").source = "3.0"


@attack()
def test_of_other_type(nb):
    """Make a text of the test cell."""
    test = cell(nb, "double-test")
    nb.cells[nb.cells.index(test)] = new_markdown_cell("passed", id=test.id, metadata=test.metadata)


@attack()
def raw_test(nb):
    """Make a raw cell of the test cell."""
    test = cell(nb, "double-test")
    raw = NotebookNode(cell_type="raw", source=test.source, metadata=test.metadata, id=test.id)
    nb.cells[nb.cells.index(test)] = raw


@attack()
def deleted_test(nb):
    """Delete the test cell."""
    nb.cells.remove(cell(nb, "double-test"))


@attack(scores=FULL, solution=None)
def deleted_test_of_a_right_solution(nb):
    """Delete the test cell by accident, the solution being right: it is put back, and gives its points."""
    nb.cells.remove(cell(nb, "double-test"))


@attack(scores=FULL, solution=None)
def all_of_the_assignment_deleted_but_the_functions(nb):
    """Keep only one cell of one's own, which defines all that was asked for."""
    sources = [one.source for one in nb.cells if one.id.endswith("-solution")]
    nb.cells = [new_code_cell("\n\n".join(sources))]


@attack()
def duplicated_test(nb):
    """Hand in the test cell twice, once with another text."""
    test = cell(nb, "double-test")
    nb.cells.append(new_code_cell("True", metadata=test.metadata))


@attack()
def duplicated_solution(nb):
    """Hand in the solution cell three times."""
    for _ in range(2):
        nb.cells.insert(1, nbformat.from_dict(cell(nb, "double-solution")))


@attack()
def more_points(nb):
    """Raise what the test cell is worth."""
    cell(nb, "double-test").metadata.nbgrader["points"] = 100
    cell(nb, "largest-test").metadata.nbgrader["points"] = 100


@attack()
def fewer_kinds(nb):
    """Declare the test cell no test, not locked, and a solution."""
    cell(nb, "double-test").metadata.nbgrader.update(grade=False, locked=False, solution=True)


@attack()
def swapped_ids(nb):
    """Give the test of the unsolved task the id of a solved one, and the other way round."""
    one, other = cell(nb, "double-test").metadata, cell(nb, "pair-test").metadata
    one.nbgrader["grade_id"], other.nbgrader["grade_id"] = "pair-test", "double-test"


@attack()
def unknown_ids(nb):
    """Add graded cells that the assignment does not have."""
    metadata = nbgrader_metadata("bonus", grade=True, locked=True, points=50)
    nb.cells.append(new_code_cell("50", metadata=metadata))
    nb.cells.append(new_markdown_cell("50", metadata=nbgrader_metadata("more", task=True, points=9)))


@attack()
def own_cell_as_test(nb):
    """Turn the solution cell into a second test cell."""
    cell(nb, "double-solution").metadata.nbgrader.update(grade=True, points=3, locked=True)


@attack(scores=FULL, solution=None)
def reordered(nb):
    """Hand the cells in in reverse order."""
    nb.cells.reverse()


@attack(scores=FULL, solution=None)
def metadata_lost(nb):
    """Hand in what another editor saved: no metadata of nbgrader at all."""
    for one in nb.cells:
        one.metadata = NotebookNode()


@attack(scores=FULL, solution=None)
def old_schema(nb):
    """Hand in nbgrader's metadata of an old version."""
    for one in nb.cells:
        if "nbgrader" in one.metadata:
            one.metadata.nbgrader["schema_version"] = 1
            one.metadata.nbgrader.pop("task")


@attack(scores=FULL, solution=None)
def schema_of_the_future(nb):
    """Hand in nbgrader's metadata of a version that does not exist."""
    cell(nb, "pair-test").metadata.nbgrader["schema_version"] = 99


@attack(scores=FULL, solution=None)
def metadata_of_wrong_types(nb):
    """Hand in metadata that is no metadata."""
    nb.metadata["kernelspec"] = ["python3"]
    nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": "<script>"}}
    cell(nb, "double-solution").metadata["nbgrader"] = [1, 2]
    cell(nb, "largest-solution").metadata["tags"] = "skip-execution"
    cell(nb, "pair-test").metadata.nbgrader["points"] = "many"
    cell(nb, "why").metadata.nbgrader["grade_id"] = {"a": 1}


@attack(scores=FULL, solution=None)
def windows_file(nb):
    """Hand in a file with a byte order mark and Windows' line ends, inside and outside of the cells."""
    for one in nb.cells:
        one.source = one.source.replace("\n", "\r\n")
    return b"\xef\xbb\xbf" + json.dumps(nb, indent=1).replace("\n", "\r\n").encode()


@attack(scores=FULL, solution=None)
def utf16_file(nb):
    """Hand in a file in UTF-16."""
    return json.dumps(nb).encode("utf-16")


@attack(scores=FULL, solution=None)
def notebook_of_format_3(nb):
    """Hand in a notebook of an older format."""
    for one in nb.cells:
        if one.cell_type == "code":
            one.outputs, one.execution_count = [], 1
    return nbformat.writes(nbformat.convert(nb, 3), version=3).encode()


@attack(scores=FULL, solution=None)
def invalid_notebook(nb):
    """Hand in cells without ids, of lines, of unknown types, with unknown fields; and a format too new."""
    data = json.loads(json.dumps(nb))
    for one in data["cells"]:
        del one["id"]
        one["source"] = one["source"].splitlines(keepends=True)
        one["colour"] = "red"
    data["cells"] += [{"cell_type": "heading"}, 7, None, {"cell_type": "code"}]
    data.update(nbformat=4, nbformat_minor=77, metadata=None)
    return json.dumps(data).encode()


@attack(scores=FULL, solution=None)
def halves_of_characters(nb):
    """Put into cells what no file can hold."""
    cell(nb, "imports").source += "\nprint('\\ud800', chr(0xDFFF))  # \ud800"
    nb.cells.append(new_markdown_cell("\udfff"))


@attack(scores=NOTHING, solution=None)
def no_json(nb):
    """Hand in something else."""
    return b"%PDF-1.4 not a notebook"


@attack(scores=NOTHING, solution=None)
def empty_file(nb):
    """Hand in an empty file."""
    return b""


@attack(scores=NOTHING, solution=None)
def json_of_something_else(nb):
    """Hand in JSON of no notebook."""
    return b'[{"cells": []}]'


@attack(scores=NOTHING, solution=None)
def bottomless_json(nb):
    """Hand in JSON that is nested a million deep."""
    return b"[" * 1_000_000


# The kernel is made to lie.


@attack()
def asserts_stripped(nb):
    """Strip asserts from all cells with an AST transformer."""
    own_cell(
        nb,
        """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
""",
    )


@attack(scores=NOTHING)
def run_code_replaced(nb):
    """Replace what runs cells."""
    own_cell(
        nb,
        """
from IPython.core.interactiveshell import InteractiveShell
async def nothing(self, *args, **kwargs):
    return False
InteractiveShell.run_code = nothing
""",
    )


@attack(scores=NOTHING)
def input_transformed(nb):
    """Rewrite the lines of later cells."""
    own_cell(nb, "get_ipython().input_transformers_cleanup.append(lambda lines: ['3.0\\n'])")


@attack(
    solution="class Yes:\n    __eq__ = lambda *a: True\n    __hash__ = None\ndef double(x):\n    return Yes()"
)
def equals_everything(nb):
    """Return an object that equals everything."""


@attack(
    solution="""
class Any(float):
    __array__ = lambda self, *a, **k: np.asarray(42.0)
    __array_ufunc__ = lambda self, *a, **k: True
    __eq__ = __lt__ = __gt__ = lambda self, other: True
    __hash__ = float.__hash__
    __class__ = property(lambda self: int)
def double(x):
    return Any(7)"""
)
def number_that_equals_everything(nb):
    """Return a number, by its class, that equals everything and pretends to be an int."""


@attack(
    solution="""
class Same(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)
    __array_ufunc__ = lambda self, *a, **k: True
def double(x):
    return np.asarray(x).view(Same)"""
)
def array_that_equals_everything(nb):
    """Return a subclass of ndarray that equals everything."""


@attack()
def patched_libraries(nb):
    """Patch all that a check or a message could use."""
    own_cell(
        nb,
        """
import base64, builtins, json, sys, operator
np.array_equal = np.allclose = np.all = lambda *a, **k: True
json.dumps = lambda *a, **k: '{"ok": true}'
base64.b64encode = lambda *a: b''
builtins.isinstance = lambda *a: True
operator.eq = lambda *a: True
sys.modules['math'] = sys.modules['nbgrader_sealed'] = sys.modules['pooling_ref'] = object()
""",
    )


@attack()
def names_of_the_hidden_test(nb):
    """Define the names that the hidden lines use."""
    own_cell(
        nb,
        """
expected = None
class np:
    array_equal = staticmethod(lambda *a: True)
    arange = staticmethod(lambda *a: None)
AssertionError = KeyError
points = 5
""",
    )


@attack()
def forged_results(nb):
    """Send points from within the function, while the test cell runs, and from a thread afterwards."""
    cell(nb, "double-solution").source = """
import threading, time
kernel = get_ipython().kernel
def forge(parent):
    data = {'text/plain': '3.0'}
    content = {'data': data, 'metadata': {}, 'execution_count': 1}
    kernel.session.send(kernel.iopub_socket, 'execute_result', content, parent=parent)
    kernel.session.send(kernel.iopub_socket, 'status', {'execution_state': 'idle'}, parent=parent)
    kernel.session.send(kernel.iopub_socket, 'sealed_ran', {'ok': 'ok'}, parent=parent)
def later(parent):
    for _ in range(300):
        forge(parent)
        time.sleep(0.01)
def double(x):
    parent = kernel.get_parent()
    forge(parent)
    threading.Thread(target=later, args=(parent,), daemon=True).start()
"""


@attack()
def forged_replies(nb):
    """Replace failure by success in the kernel's replies."""
    own_cell(
        nb,
        """
kernel = get_ipython().kernel
original = kernel.session.send
def send(stream, msg_or_type, content=None, *args, **kwargs):
    if isinstance(content, dict) and content.get('status') == 'error':
        content = {'status': 'ok', 'execution_count': 1, 'user_expressions': {}, 'payload': []}
    if isinstance(content, dict) and content.get('ok') == 'error':
        content = {**content, 'ok': 'ok'}
    return original(stream, msg_or_type, content, *args, **kwargs)
kernel.session.send = send
""",
    )


@attack()
def garbage_on_the_wire(nb):
    """Send what is no message at all on every channel, signed and unsigned, instead of each answer."""
    own_cell(
        nb,
        """
kernel = get_ipython().kernel
def send(stream, *args, **kwargs):
    for part in (b'', b'\\xff' * 10, b'[' * 100_000, b'{"a": NaN}'):
        kernel.iopub_socket.send_multipart([b'x', b'<IDS|MSG>', b'sig', part, part, part, part])
kernel.session.send = send
""",
    )


# A record of what the hidden test found is forged.

FORGED = {
    "version": 1,
    "task": "forged",
    "cell": "double-test",
    "points": 3.0,
    "max_points": 3.0,
    "error": None,
    "messages": {"en": "forged", "es": "forged"},
}
FORGE = f"""
from IPython.display import display, publish_display_data
class Forged:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {{{MIME!r}: {FORGED!r}, 'text/plain': '3.0'}}
class ForgedNumber(Forged, float):
    pass
class ForgedInteger(Forged, int):
    pass
bundle = Forged()._repr_mimebundle_()
"""


@attack(
    solution=FORGE
    + "shown = display(bundle, raw=True, display_id='shown')\n"
    + "def double(x):\n    display(bundle, raw=True)\n    shown.update(bundle, raw=True)"
)
def record_displayed(nb):
    """Display a record, in a cell, in the visible lines of a test cell, and as a change of a display."""


@attack(
    solution=FORGE
    + "def double(x):\n    publish_display_data({key: bundle[key] for key in bundle if '+json' in key})"
)
def record_published(nb):
    """Publish a record and nothing else while the visible and the hidden lines call the function."""


@attack(solution=FORGE + "def double(x):\n    return Forged()")
def record_as_the_value_of_visible_lines(nb):
    """Return an object that shows a record, which is the value of the visible lines of a test cell."""
    cell(nb, "largest-solution").source = "def largest(values):\n    return ForgedNumber(max(values))"


@attack()
def record_in_the_file(nb):
    """Hand in cells that hold a record already."""
    for one in nb.cells:
        if one.cell_type == "code":
            data = {MIME: FORGED, "text/plain": "3.0"}
            one.outputs = [
                new_output("display_data", data),
                new_output("execute_result", data, execution_count=1),
            ]


@attack()
def record_sent_by_hand(nb):
    """Send messages with a record from a thread, while test cells run."""
    own_cell(
        nb,
        FORGE
        + """
import threading, time
kernel = get_ipython().kernel
def forge():
    for _ in range(200):
        for kind in ('display_data', 'execute_result', 'update_display_data'):
            content = {'data': bundle, 'metadata': {}, 'transient': {'display_id': 'x'}, 'execution_count': 1}
            kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
        time.sleep(0.01)
threading.Thread(target=forge, daemon=True).start()
""",
    )


# The hidden test is careless: its last value, the points, is what `double(21)` returns.

RETURNED: dict[str, Attack] = {}
CARELESS = {"double-test": 3.0, "largest-test": 5.0, "pair-test": 2.0}  # 42, cut to the points of each cell


def returned(scores: dict[str, float], expression: str) -> None:
    """Put an attack into the table that returns something else than 42 from its second call with 21 on."""
    source = f"seen = []\ndef double(x):\n    seen.append(repr(x))\n    return {expression}"
    name = re.sub(r"\W+", " ", expression).strip()
    RETURNED[name] = Attack(lambda nb: setattr(cell(nb, "double-solution"), "source", FORGE + source), scores)


LATER = "if seen.count('21') > 1 else 2 * x"
returned(NOTHING, f"Forged() {LATER}")
returned(CARELESS, f"ForgedNumber(42) {LATER}")
returned(CARELESS, f"ForgedInteger(42) {LATER}")
returned(NOTHING, f"bundle {LATER}")


# Secrets are looked for.


@attack()
def history_printed(nb):
    """Print all that the kernel ever got to run."""
    spy = """
import gc, sys
print(In[-1], In, _ih, list(get_ipython().history_manager.get_range(raw=False)))
print(get_ipython().user_ns, get_ipython().kernel.get_parent())
print([one for one in gc.get_objects() if isinstance(one, (str, dict)) and 'canary' in repr(one)[:100_000]])
"""
    own_cell(nb, spy, before="largest-solution")
    own_cell(nb, spy, before="why")


@attack(
    solution="""
import sys
SEEN = []
def double(x):
    frame = sys._getframe()
    while frame:
        SEEN.append(repr(frame.f_locals)[:20_000])
        frame = frame.f_back
    return None"""
)
def callers_looked_at(nb):
    """Look at the frames of whoever calls, and print them afterwards."""
    own_cell(nb, "print(SEEN)", before="largest-solution")


@attack()
def own_notebook_read(nb):
    """Read the notebook's own file, into which nbgrader would have put the hidden lines back."""
    own_cell(nb, "import glob\nfor name in glob.glob('*.ipynb'):\n    print(open(name).read())")


# The process is hurt.


@attack(solution="import os\ndef double(x):\n    os._exit(0)")
def exit_in_a_call(nb):
    """End the process from within the function."""


@attack(scores=FULL, solution=None)
def exit_in_a_cell(nb):
    """End the process in a cell of one's own: what other cells define is still graded."""
    own_cell(nb, "import os\nos._exit(0)", before="largest-solution")


@attack(solution="def double(x):\n    while True:\n        x = 1")
def endless_loop(nb):
    """Never return."""


@attack(
    solution="""
def double(x):
    while True:
        try:
            while True:
                x = 1
        except BaseException:
            x = 2"""
)
def endless_loop_that_swallows_interrupts(nb):
    """Never return, and let no interrupt through."""


@attack(solution="def double(x):\n    raise SystemExit(0)")
def system_exit_in_a_call(nb):
    """Raise SystemExit."""


@attack(solution="def double(x):\n    raise KeyboardInterrupt")
def keyboard_interrupt_in_a_call(nb):
    """Raise KeyboardInterrupt."""


@attack(scores=FULL, solution=None)
def connection_closed(nb):
    """Close the connection on which requests come: another is opened."""
    own_cell(nb, "get_ipython().kernel.comm_manager.comms.clear()")


@attack(scores=FULL, solution=None)
def megabytes_on_one_line(nb):
    """Print 60 MB on one line, in a cell and in the function."""
    own_cell(nb, "print('x' * 60_000_000)")
    cell(nb, "double-solution").source = """
line = 'y' * 60_000_000
def double(x):
    global line
    print(line)
    line = ''
    return 2 * x
"""


@attack(scores=FULL, solution=None)
def flood_of_displays(nb):
    """Show ten thousand things."""
    own_cell(nb, "for i in range(10_000):\n    display({'text/html': '<b>' * 1000}, raw=True)")


@attack(scores=FULL, solution=None)
def noise_on_stderr(nb):
    """Write to stderr in the function: in stock nbgrader that costs all points of the cell."""
    cell(nb, "double-solution").source = """
import sys, warnings
class Noisy:
    def __del__(self):
        raise RuntimeError('in __del__')
def double(x):
    Noisy()
    warnings.warn('careful')
    print('noise' * 1000, file=sys.stderr)
    return 2 * x
"""


@attack(solution="def double(x):\n    return np.ones(130_000_000)")
def gigabyte_returned(nb):
    """Return an array of a gigabyte."""


@attack(solution="def double(x):\n    y = []\n    for _ in range(100_000):\n        y = [y]\n    return y")
def deep_list_returned(nb):
    """Return a list that is nested a hundred thousand deep."""


@attack(solution="def double(x):\n    y = []\n    y.append(y)\n    return y")
def list_of_itself_returned(nb):
    """Return a list that holds itself."""


@attack(solution="def double(x):\n    return 1 << 10_000_000")
def huge_integer_returned(nb):
    """Return an integer of ten million bits."""


@attack(solution="def double(x):\n    return double")
def itself_returned(nb):
    """Return the function itself."""


@attack(
    solution="class Odd(Exception):\n    def __str__(self):\n        raise Odd\ndef double(x):\n    raise Odd"
)
def exception_without_text(nb):
    """Raise an exception whose text raises."""
