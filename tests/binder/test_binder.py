"""What Binder builds: read off repo2docker's own Dockerfile, then carried out in a clean venv."""

import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from tests.support import ROOT, copy_course, python_312, run

pytestmark = pytest.mark.usefixtures("processes")

RELEASED = "release/es/max-pooling/max_pooling.ipynb"


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory) -> str:
    """What repo2docker would build, without a Docker engine."""
    copy = copy_course(tmp_path_factory.mktemp("binder") / "course")
    done = run("jupyter-repo2docker", "--no-build", "--debug", ".", cwd=copy)
    return done.stdout + done.stderr


def test_the_image_has_the_python_that_runtime_txt_asks_for(dockerfile):
    assert "python=3.12" in dockerfile
    assert "version unspecified" not in dockerfile
    assert re.search(
        r"environment-2epy-2d3-2e12-2dlinux-2d64-2elock\S* /tmp/env/environment.lock", dockerfile
    )


def test_the_image_installs_the_locked_requirements_and_runs_post_build(dockerfile):
    steps = [line for line in dockerfile.splitlines() if line.startswith("RUN ")]
    requirements = next(
        i for i, step in enumerate(steps) if 'pip install --no-cache-dir -r "binder/req' in step
    )
    post_build = steps.index("RUN ./binder/postBuild")
    assert requirements < post_build


def test_no_requirement_moves_a_version_that_the_image_fixes():
    pins = run("python", "binder/pins.py", cwd=ROOT).stdout.split()
    fixed = dict(pin.lower().replace("_", "-").split("==") for pin in pins)
    asked = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "binder/requirements.txt").read_text(), re.M))
    both = asked.keys() & fixed.keys()
    assert {"jupyterlab", "notebook", "ipywidgets", "ipykernel", "jupyter-server"} <= both
    assert {name: asked[name] for name in both} == {name: fixed[name] for name in both}


def test_the_badge_lands_on_a_released_notebook():
    target = re.search(r"mybinder\.org/\S+\?urlpath=lab/tree/([^)\s]+)", (ROOT / "README.md").read_text())
    assert (ROOT / target[1]).is_file()


@pytest.mark.needs("python3.12")
def test_a_released_notebook_runs_where_binder_put_it(course, tmp_path):
    image = tmp_path / "image"
    run(python_312(), "-m", "venv", image, cwd=course)
    run(image / "bin/python", "-m", "pip", "install", "-q", "-r", "binder/requirements.txt", cwd=course)
    before = _versions(image, course)
    run("./binder/postBuild", cwd=course, PATH=f"{image / 'bin'}{os.pathsep}{os.environ['PATH']}")
    after = _versions(image, course)

    assert after.items() >= before.items()
    assert set(after) - set(before) == {"pooling-lab"}
    assert {"jupyterlab": "4.4.9", "notebook": "7.4.7", "ipywidgets": "8.1.7"}.items() <= after.items()
    assert list(_errors(_execute(image, course / RELEASED))) == []


def _versions(image: Path, folder: Path) -> dict[str, str]:
    listed = run(image / "bin/python", "-m", "pip", "list", "--format=freeze", cwd=folder).stdout
    return dict(line.split("==") for line in listed.splitlines())


def _execute(image: Path, path: Path) -> nbformat.NotebookNode:
    """Run all cells as a student's first click on 'Run all' would, past the tasks that are still open."""
    command = [image / "bin/python", "-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors"]
    subprocess.run([*command, "--inplace", path], check=True, cwd=path.parent, capture_output=True)
    return nbformat.read(path, as_version=4)


def _errors(notebook: nbformat.NotebookNode):
    """Yield the errors of all cells but the tasks' tests, which are open in a released notebook."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            yield from (output for output in cell.outputs if output.output_type == "error")
