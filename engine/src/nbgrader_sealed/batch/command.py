"""The command `nbgrader-sealed`, which starts the fork server while it imports nbgrader."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from nbgrader_sealed.sandbox.settings import Sandbox

CONFIG = "nbgrader_config.py"
INTERRUPTED = 130
USAGE = """\
usage: nbgrader-sealed COMMAND [options]

  grade ASSIGNMENT     autograde the submissions of an assignment, several at once
  release [ASSIGNMENT ...]
                       generate assignments in every language that their notebooks are written in
  clean NOTEBOOK ...   remove outputs, counts and transient metadata from notebooks, and report bad ids

Each command has its own --help.
"""


def early_settings() -> Config:
    """Load the course's configuration without nbgrader's application."""
    return PyFileConfigLoader(CONFIG, path=os.curdir).load_config()


def start_fork_server() -> None:
    """Start the fork server early; errors in it or in the configuration are reported when it is used.

    If the final settings differ, this server is not used.
    """
    with suppress(Exception):
        Sandbox(config=early_settings()).warm_up({**os.environ, "NBGRADER_EXECUTION": "autograde"})


def grade(arguments: list[str]) -> int:
    """Run `nbgrader-sealed grade`."""
    # With this package, jsonschema (nbformat's dependency) would spend a second on building a grammar of
    # internationalised URLs, which no schema here contains.
    sys.modules.setdefault("rfc3987_syntax", None)  # pyright: ignore[reportArgumentType]
    if any(not word.startswith("-") for word in arguments):
        start_fork_server()
    gc.disable()  # until `grade.py` has loaded and frozen everything: saves a fifth of the start
    from nbgrader_sealed.batch.grade import main  # here, since it imports nbgrader

    return main(arguments)


def release(arguments: list[str]) -> int:
    """Run `nbgrader-sealed release`."""
    from nbgrader_sealed.authoring.release import main

    return main(arguments)


def clean(arguments: list[str]) -> int:
    """Run `nbgrader-sealed clean`."""
    from nbgrader_sealed.authoring.clean_notebooks import main

    return main(arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {"grade": grade, "release": release, "clean": clean}


def main() -> int:
    """Run the command named by the first argument."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    if name not in COMMANDS:
        print(f"{USAGE}\nnbgrader-sealed: there is no command {name!r}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[name](arguments)
    except KeyboardInterrupt:
        print(f"nbgrader-sealed {name}: interrupted before anything was done", file=sys.stderr)
        return INTERRUPTED
