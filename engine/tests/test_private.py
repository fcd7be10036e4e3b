"""Every private name that is borrowed of another library stands in `private/`, and is still there."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import nbgrader_sealed
import pytest
from nbgrader_sealed import private
from traitlets import HasTraits

PACKAGE = Path(nbgrader_sealed.__file__).parent
LIBRARIES = ("nbgrader", "nbconvert", "nbclient", "jupyter_client", "ipykernel", "IPython")
MODULES = {
    info.name: importlib.import_module(f"{private.__name__}.{info.name}")
    for info in pkgutil.iter_modules(private.__path__)
}


def borrowed(kind: str) -> list[str]:
    return [name for module in MODULES.values() for name in getattr(module, kind, ())]


def resolve(name: str):
    """The object that a name such as `package.module:Class.attribute` stands for."""
    where, _, path = name.partition(":")
    found = importlib.import_module(where)
    for part in path.split("."):
        found = inspect.getattr_static(found, part)
    return found


@pytest.mark.parametrize("name", borrowed("BORROWED"))
def test_what_is_borrowed_is_there(name):
    try:
        resolve(name)
    except (ImportError, AttributeError) as error:
        pytest.fail(f"{name} is gone, and private/ needs it: {error}")


@pytest.mark.parametrize("name", borrowed("BORROWED_ATTRIBUTES"))
def test_an_attribute_of_instances_that_is_borrowed_stands_in_the_text_of_their_class(name):
    where, _, path = name.partition(":")
    kind, _, attribute = path.partition(".")
    there = resolve(f"{where}:{kind}")
    texts = [inspect.getsource(each) for each in there.__mro__ if each.__module__.startswith(LIBRARIES)]
    assert any(attribute in text for text in texts), f"{name} is gone, and private/ needs it"


@pytest.mark.parametrize("name", MODULES)
def test_each_module_is_of_one_library_and_names_the_version_it_was_read_in(name):
    assert re.search(r"version \d+\.\d+", MODULES[name].__doc__ or "") or name == "ipython"
    assert borrowed("BORROWED")


def classes_outside() -> list[type]:
    found = []
    for info in pkgutil.walk_packages(nbgrader_sealed.__path__, "nbgrader_sealed."):
        if info.name.startswith(private.__name__) or info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        found += [each for each in vars(module).values() if inspect.isclass(each)]
    ours = [each for each in found if each.__module__.startswith("nbgrader_sealed.")]
    return [each for each in ours if not each.__module__.startswith(private.__name__)]


BY_TRAITLETS = {"_abc_impl", *vars(type("Plain", (HasTraits,), {}))}  # put into every class


def test_no_class_elsewhere_overrides_a_private_name_of_a_library():
    for each in classes_outside():
        theirs = {
            name
            for base in each.__mro__[1:]
            if base.__module__.split(".")[0] in LIBRARIES
            for name in vars(base)
            if name.startswith("_") and not name.startswith("__")
        }
        assert not (theirs - BY_TRAITLETS) & set(vars(each)), each


# Attributes of our own classes that others of our classes use.
OURS = {
    name
    for each in classes_outside()
    for name in [*vars(each), *getattr(each, "__annotations__", {})]
    if name.startswith("_") and not name.startswith("__")
}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_private_attribute_of_another_s_object_is_used_elsewhere(path):
    if path.is_relative_to(PACKAGE / "private"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_self(node.value)}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not is_self(node.value)
    }
    assert used - own - OURS - {"_exit"} == set(), path


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
