"""What students install offers no callable that would pass a task of any notebook."""

import importlib
import pkgutil

import pytest

import pooling_lab
from pooling_lab.cases import VISIBLE
from pooling_lab.differences import is_right
from pooling_lab.tasks import TASKS
from pooling_lab.trial import attempt, quiet
from pooling_ref.cases import REFERENCE
from pooling_ref.checks import CHECKS


def callables():
    """Give everything callable that a module of the wheel has, its private things and its classes too."""
    found = {}
    for module in pkgutil.walk_packages(pooling_lab.__path__, "pooling_lab."):
        names = vars(importlib.import_module(module.name))
        found |= {
            f"{module.name}.{name}": value
            for name, value in names.items()
            if callable(value) and getattr(value, "__module__", "").startswith("pooling_lab")
        }
        for name, value in list(names.items()):
            if isinstance(value, type) and value.__module__ == module.name:
                methods = {f"{module.name}.{name}.{each}": getattr(value, each) for each in vars(value)}
                found |= {name: method for name, method in methods.items() if callable(method)}
    return found


def solved_by(function) -> list[str]:
    """Return the tasks whose visible cases the function passes."""
    with quiet():
        return [
            task
            for task, rows in VISIBLE.items()
            if all(is_right(TASKS[task], row.case, attempt(function, row.case)) for row in rows)
        ]


def test_nothing_in_the_wheel_passes_a_task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    offered = callables()
    assert len(offered) > 100
    assert [(name, task) for name, each in offered.items() for task in solved_by(each)] == []


@pytest.mark.parametrize("task", CHECKS)
def test_the_search_finds_what_solves_a_task(task):
    assert task in solved_by(REFERENCE[task])
