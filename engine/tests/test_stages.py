"""The engine's folders follow a submission: a stage imports those before it, never one after it."""

import ast
from pathlib import Path

import nbgrader_sealed
import pytest

PACKAGE = Path(nbgrader_sealed.__file__).parent
STAGES = (
    "private",
    "assignment",
    "result",
    "messages",
    "submission",
    "protocol",
    "sandbox",
    "execution",
    "feedback",
    "authoring",
    "batch",
)
# What stands beside the stages: the two lines of a configuration, which name stages as text, and the command.
BESIDE = {"__init__": {"configuration"}, "configuration": set(), "__main__": {"batch"}}


def stage_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_stages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("nbgrader_sealed.")}
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_stage_imports_only_those_before_it(path):
    stage = stage_of(path)
    before = {*STAGES[: STAGES.index(stage) + 1], "configuration"} if stage in STAGES else set()
    allowed = BESIDE.get(stage, before)
    assert imported_stages(path) <= allowed


def test_every_stage_is_there_and_says_its_purpose_in_its_first_line():
    there = {stage_of(path) for path in MODULES}
    assert there == {*STAGES, *BESIDE}
    for stage in STAGES:
        first = PACKAGE / stage / "__init__.py" if (PACKAGE / stage).is_dir() else PACKAGE / f"{stage}.py"
        assert ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))), stage


def test_what_a_kernel_loads_behind_its_sandbox_is_no_stage_of_the_trusted_side():
    """The sandboxed side needs neither nbgrader nor what judges."""
    for path in (PACKAGE / "sandbox" / "sandboxed").rglob("*.py"):
        assert imported_stages(path) <= {"private", "protocol", "sandbox"}, path
        assert "nbgrader." not in path.read_text(encoding="utf-8").replace("nbgrader_sealed.", ""), path
