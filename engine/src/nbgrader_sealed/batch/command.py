"""The command `nbgrader-sealed`: a fork server gets ready while nbgrader is loaded, which takes as long."""

import ast
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

from traitlets import TraitError
from traitlets.config import Config

from nbgrader_sealed.sandbox.fork_server import SandboxError
from nbgrader_sealed.sandbox.settings import Sandbox

CONFIG = Path("nbgrader_config.py")
INTERRUPTED = 130


def plain_settings(config: Path) -> Config:
    """Return what a configuration says about the sandbox in plain words: what it would compute is left out.

    To run it would mean to load nbgrader first. If in the end the settings are others, the parent that was
    made with these is not used.
    """
    found = Config()
    for line in ast.parse(config.read_bytes()).body:
        match line:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Attribute(value=ast.Name("c"), attr="Sandbox"), attr=name)]
            ):
                with suppress(ValueError):
                    found.Sandbox[name] = ast.literal_eval(line.value)
    return found


def begin() -> None:
    """Start the parent; what is wrong with it or with the configuration is told later, where it matters."""
    with suppress(OSError, SyntaxError, TraitError, SandboxError):
        Sandbox(config=plain_settings(CONFIG)).warm_up({**os.environ, "NBGRADER_EXECUTION": "autograde"})


def main() -> int:
    """Run the command."""
    sys.modules.setdefault("rfc3987_syntax", None)
    if sys.argv[1:2] != ["grade"]:
        print("usage: nbgrader-sealed grade ASSIGNMENT", file=sys.stderr)
        return 2
    del sys.argv[1]
    try:
        if any(not word.startswith("-") for word in sys.argv[1:]):
            begin()
        gc.disable()  # until all is loaded, and stays (`grade.py`): a fifth of the time
        from nbgrader_sealed.batch.grade import main as grade  # here, since it loads nbgrader
    except KeyboardInterrupt:
        print("course grade: interrupted, before anything was graded", file=sys.stderr)
        return INTERRUPTED
    return grade()
