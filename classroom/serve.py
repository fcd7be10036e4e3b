"""Open JupyterLab: `./course lab` at the released course, `./course formgrader` at nbgrader's own pages.

`nbgrader formgrader` is the latter, too: nbgrader runs a program `nbgrader-formgrader` for it.
All further options go to JupyterLab, e.g. `./course lab --no-browser --port 9999`.
"""

import os
import sys
from pathlib import Path

from nbgrader_sealed.authoring.release import load_config

KERNEL = "python3"
FORMGRADER = "nbgrader.server_extensions.formgrader"
# Without the entries of nbgrader's menu that lead nowhere here.
SETTINGS = Path(__file__).parent / "lab_settings"


def lab(root: Path) -> list[str]:
    """Return the options for the released course: all its languages, open in the default one."""
    released = root / load_config(root).CourseDirectory.release_directory
    if not released.is_dir():
        raise FileNotFoundError(f"{released} is missing; `./course release` makes it")
    return [
        f"--ServerApp.root_dir={released.parent}",
        f"--LabApp.default_url=/lab/tree/{released.name}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        f"--KernelSpecManager.allowed_kernelspecs={KERNEL}",  # not the graders', which no student has
        # It would complain: it wants to see the whole course.
        f"--ServerApp.jpserver_extensions={FORMGRADER}=False",
    ]


def formgrader(root: Path) -> list[str]:
    """Return the options for nbgrader's pages, which work on the files of the whole course."""
    return [f"--ServerApp.root_dir={root}", "--LabApp.default_url=/formgrader"]


PAGES = {"lab": lab, "formgrader": formgrader}


def without(opening: list[str], options: list[str]) -> list[str]:
    """Return our options but those that the user gives; in another root there is no page of ours to open."""
    given = {option.partition("=")[0] for option in options}
    if given & {"--ServerApp.root_dir", "--notebook-dir"}:
        given |= {"--ServerApp.root_dir", "--LabApp.default_url"}
    return [option for option in opening if option.partition("=")[0] not in given]


def main() -> int:
    """Run the command; JupyterLab takes the place of this process."""
    page, *options = sys.argv[1:] or [""]
    if page not in PAGES:
        print(f"usage: ./course {'|'.join(PAGES)} [options of JupyterLab]", file=sys.stderr)
        return 2
    try:
        opening = PAGES[page](Path.cwd())
    except FileNotFoundError as error:
        print(f"course {page}: {error}", file=sys.stderr)
        return 1
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", *without(opening, options), *as_root, *options]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    sys.exit(main())
