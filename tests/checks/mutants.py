"""Right solutions with one small change each: what a slip of the finger makes of them."""

import ast
import copy
import inspect
import textwrap
from collections.abc import Iterator

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Div,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NAMES = {
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "amax": "amin",
    "mean": "sum",
    "sum": "mean",
    "h": "w",
    "w": "h",
    "i": "j",
    "j": "i",
    "k": "s",
    "s": "k",
    "p": "k",
    "top": "left",
    "left": "top",
    "rows": "columns",
    "columns": "rows",
    "stride": "kernel_size",
    "kernel_size": "stride",
    "padding": "stride",
}


def changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Give each attribute of a node that a slip changes, with what it becomes."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (("value", node.value + 1), ("value", node.value - 1))
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "value", not node.value
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPERATORS:
        yield "op", OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        yield "ops", [OPERATORS[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield "id", NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield "attr", NAMES[node.attr]
    elif isinstance(node, ast.For | ast.If) and len(node.body) > 1:
        yield "body", node.body[:-1]


def mutants(function) -> Iterator[tuple[str, object]]:
    """Give every function that differs from this one by one change, with the text of its changed line."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for attribute, value in changes(node):
            changed = copy.deepcopy(tree)
            setattr(list(ast.walk(changed))[number], attribute, value)
            names = dict(function.__globals__)
            exec(compile(ast.fix_missing_locations(changed), "<mutant>", "exec"), names)
            text = ast.unparse(changed).splitlines()
            old = ast.unparse(tree).splitlines()
            lines = [new for new, before in zip(text, old, strict=False) if new != before] or ["(shorter)"]
            yield lines[0].strip(), names[function.__name__]
