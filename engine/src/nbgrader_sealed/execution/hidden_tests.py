"""Hidden tests, run in the grading process, outside of the student's kernel."""

import ast
import builtins
import contextlib
import importlib
import io
import re
import signal
import symtable
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

from nbgrader_sealed.assignment import CutCell
from nbgrader_sealed.result import InvalidResult, carried_by

MAX_PRINTED = 200_000  # characters that a hidden test may print


class HiddenTimeout(BaseException):
    """The hidden lines themselves took too long (a BaseException, so that no check catches it)."""


@dataclass
class Verdict:
    """The outcome of a cell's hidden lines.

    Attributes
    ----------
    printed : str
        What they printed.
    value : object
        The value of their last line: the points, by nbgrader's rule; None for all of them.
    record : object
        The record that the value carries; None if it carries none, and an `InvalidResult` if it is broken.
    error : tuple of str, or None
        The name and the text of the exception that ended them.
    log : str
        For the instructor's log alone: the traceback, with hidden lines in it.
    """

    printed: str = ""
    value: Any = None
    record: object = None
    error: tuple[str, str] | None = None
    log: str = ""


@dataclass(frozen=True, eq=False)
class Line:
    """One of the instructor's visible statements.

    Attributes
    ----------
    code : code
        The statement, compiled.
    changes : frozenset of str
        The names that it binds, and those whose objects it changes in place.
    uses : frozenset of str
        The names that it looks up.
    """

    code: CodeType
    changes: frozenset[str]
    uses: frozenset[str]


@dataclass
class HiddenNamespace:
    """The names that the hidden lines of one notebook see.

    A name is looked up in this order: what hidden lines assigned; what the instructor's own locked cells
    bind (those lines run again in this process, so that no student can have changed their result); `modules`;
    Python's built-ins; and last the student's kernel. A name that a solution cell asks the student to define
    is always the kernel's, even if a built-in has the same name.

    Parameters
    ----------
    modules : dict of str to str
        Aliases of modules that are imported here, such as `np` for `numpy`.
    students : set of str
        The names that the solution cells of the gradebook define.

    Attributes
    ----------
    doubtful : set of str
        The names that came from the kernel, and those made with them.
    """

    modules: dict[str, str]
    students: set[str] = field(default_factory=set)
    trusted: list[Line] = field(default_factory=list)
    remote_objects: dict[str, Any] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def trust(self, source: str) -> None:
        """Remember the lines of a locked cell: those that bind or change a needed name will run here too."""
        with contextlib.suppress(SyntaxError):  # magics: left to the kernel
            self.trusted += lines_of(source)

    def run(self, cell: CutCell, ask: Callable[[list[str]], dict[str, Any]], seconds: float) -> Verdict:
        """Run a cell's hidden lines.

        Parameters
        ----------
        cell : CutCell
            The cell.
        ask : callable
            Returns those of some names that the kernel has, as data or as remote objects.
        seconds : float
            How long the lines may take in all.
        """
        verdict = Verdict()
        out, err = _Printed(), _Printed()
        try:
            with time_limit(seconds), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self._fetch(cell.hidden, ask)
                verdict.value = self._execute(cell)
                verdict.record = _record_of(verdict.value)
        except (Exception, SystemExit, HiddenTimeout) as error:
            verdict.error = (name_of(error), str(error))
            verdict.log = traceback.format_exc()
        verdict.printed = out.getvalue()
        verdict.log += err.getvalue()
        return verdict

    def _execute(self, cell: CutCell) -> Any:
        tree = ast.parse(cell.hidden)
        last = tree.body[-1]
        if not isinstance(last, ast.Expr):
            exec(compile(tree, "<hidden tests>", "exec"), self.names)
            return None
        tree.body.pop()
        exec(compile(tree, "<hidden tests>", "exec"), self.names)
        value = eval(compile(ast.Expression(last.value), "<hidden tests>", "eval"), self.names)
        return value if cell.counts else None

    def _fetch(self, source: str, ask: Callable[[list[str]], dict[str, Any]]) -> None:
        """Bind the names that the lines use and do not define."""
        for name, value in self.remote_objects.items():
            if self.names.get(name) is value:
                del self.names[name]  # the student may have defined it anew
        needed = set(used_names(source))
        lines = self._take_trusted(needed)
        ours = set().union(*(line.changes for line in lines)) - self.students
        self._import_modules(needed - ours - self.students)
        unknown = {name for name in needed - ours - set(self.names) if not hasattr(builtins, name)}
        wanted = unknown | (needed & self.students)
        self._from_kernel(wanted, ask)
        self.doubtful |= wanted
        for line in lines:
            self._run_trusted(line, ask)
            if line.uses & self.doubtful:
                self.doubtful |= line.changes

    def _import_modules(self, names: set[str]) -> None:
        """Bind those of some names that stand for a module, and have no other meaning yet."""
        for name in names & self.modules.keys() - self.names.keys():
            self.names[name] = importlib.import_module(self.modules[name])

    def _take_trusted(self, needed: set[str]) -> list[Line]:
        """Take the instructor's visible lines that bind or change needed names, in their order.

        What these lines use is needed, too.
        """
        taken: list[Line] = []
        while more := [
            line for line in self.trusted if line not in taken and line.changes & (needed - self.students)
        ]:
            taken += more
            needed.update(*(line.uses for line in more))
        in_order = [line for line in self.trusted if line in taken]
        self.trusted = [line for line in self.trusted if line not in taken]
        return in_order

    def _run_trusted(self, line: Line, ask: Callable[[list[str]], dict[str, Any]]) -> None:
        """Run one of the instructor's visible lines; if it fails here, take what it changes from the kernel.

        A line that uses something of the student's raises instead: its student could make it fail here, and
        forge what it changes there.
        """
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(line.code, self.names)
        except Exception as error:
            if getattr(error, "fatal", False) or line.uses & self.doubtful:
                raise
            self.doubtful |= line.changes
            for name in line.changes:
                self.names.pop(name, None)
            self._from_kernel(set(line.changes), ask)

    def _from_kernel(self, names: set[str], ask: Callable[[list[str]], dict[str, Any]]) -> None:
        names = names - set(self.names)
        if names:
            found = ask(sorted(names))
            self.remote_objects.update(found)
            self.names.update(found)


def _record_of(value: object) -> object:
    try:
        return carried_by(value)
    except InvalidResult as problem:
        return problem


class _Printed(io.StringIO):
    """A stream that keeps what is printed, up to a limit."""

    def write(self, text: str) -> int:
        if self.tell() < MAX_PRINTED:
            super().write(text[:MAX_PRINTED])
        return len(text)


def name_of(error: BaseException) -> str:
    """Return the name of an exception's type, as the student knows it."""
    return getattr(error, "type_name", "") or type(error).__name__


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds in its own scope."""
    table = symtable.symtable(ast.unparse(statement), "<lines>", "exec")
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


@lru_cache(maxsize=1000)
def lines_of(source: str) -> list[Line]:
    """Return the statements of some lines, but those that only the kernel can run, such as `await f()`.

    Raises
    ------
    SyntaxError
        If they are no Python.
    """
    found = []
    for statement in ast.parse(source).body:
        with contextlib.suppress(SyntaxError):
            code = compile(ast.Module([statement], []), "<visible lines>", "exec")
            found.append(Line(code, changed_names(statement), used_names(ast.unparse(statement))))
    return found


def changed_names(line: ast.stmt) -> frozenset[str]:
    """Return the names that a statement binds, and those whose objects it changes in place.

    The latter are those it assigns an item or an attribute of, and those whose method it calls for its effect
    (`values.append(3)`).
    """
    found = bound_names(line)
    for node in ast.walk(line):
        match node:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                found |= _root(node)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                found |= _root(method)
    return frozenset(found)


def _root(node: ast.expr) -> set[str]:
    """Return the name that an item or an attribute is one of, if it is a name's."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


@lru_cache(maxsize=1000)
def used_names(source: str) -> frozenset[str]:
    """Return the names that some lines look up outside of their own functions."""
    return frozenset(_used(symtable.symtable(source, "<lines>", "exec"), top=True))


def _used(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child, top=False)


@lru_cache(maxsize=1000)
def defined_names(source: str) -> frozenset[str]:
    """Return the names that a cell binds, but for imports; if it is no Python, those it seems to define."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return frozenset(re.findall(r"^(?:def|class)\s+(\w+)", source, re.MULTILINE))
    own = [each for each in tree.body if not isinstance(each, ast.Import | ast.ImportFrom)]
    return frozenset().union(*map(bound_names, own))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `HiddenTimeout` in what runs inside for too long, if the system has alarms."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise HiddenTimeout(f"the hidden tests took longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
