"""The command `nbgrader-sealed`: a fork server gets ready while nbgrader is loaded, which takes as long."""

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
  clean NOTEBOOK ...   take outputs, counts and passing metadata out of notebooks, and name bad ids

Each says more with --help.
"""


def early_settings() -> Config:
    """Return what the course's configuration says, as far as it runs without nbgrader's application."""
    return PyFileConfigLoader(CONFIG, path=os.curdir).load_config()


def start_fork_server() -> None:
    """Start the fork server; what is wrong with it or with the configuration is told later, where it matters.

    If in the end the settings are others, the server that was started with these is not used.
    """
    with suppress(Exception):
        Sandbox(config=early_settings()).warm_up({**os.environ, "NBGRADER_EXECUTION": "autograde"})


def grade(arguments: list[str]) -> int:
    """Run `nbgrader-sealed grade`."""
    # jsonschema, which nbformat brings, would build a grammar of international addresses with this for a
    # whole second; no schema here has such an address.
    sys.modules.setdefault("rfc3987_syntax", None)  # pyright: ignore[reportArgumentType]
    if any(not word.startswith("-") for word in arguments):
        start_fork_server()
    gc.disable()  # until all is loaded, and stays (`grade.py`): a fifth of the time
    from nbgrader_sealed.batch.grade import main  # here, since it loads nbgrader

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
    """Run the command that is named first."""
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
        print(f"nbgrader-sealed {name}: interrupted, before anything was done", file=sys.stderr)
        return INTERRUPTED
