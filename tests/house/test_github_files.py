"""The files for GitHub and for citing: they parse, and run no command that there is not."""

import json
import re
import tomllib

import pytest
import yaml

from tests.support import ROOT

YAML = [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / "CITATION.cff"]
VERSIONS = [
    tomllib.loads((ROOT / name).read_text())["project"]["version"]
    for name in ("pyproject.toml", "engine/pyproject.toml")
]


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_each_file_is_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_each_command_of_ours_that_a_workflow_runs_is_listed_by_the_launcher():
    listed = re.findall(r"^  ([a-z]+) ", (ROOT / "course").read_text(), flags=re.MULTILINE)
    texts = [path.read_text() for path in (ROOT / ".github").rglob("*.yml")]
    texts += [(ROOT / ".ci" / "run").read_text(), (ROOT / ".devcontainer" / "devcontainer.json").read_text()]
    run = re.compile(r"^(?:\s*-? ?run: |\s*|.*\"postCreateCommand\": \")\./course ([a-z]+)", re.MULTILINE)
    called = {word for text in texts for word in run.findall(text)}
    assert called >= {"lint", "test", "setup"}
    assert called <= set(listed)


def test_every_form_asks_for_something_and_every_job_ends():
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text())
        assert path.name == "config.yml" or {"name", "description", "body"} <= form.keys()
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            assert "uses" in job or "timeout-minutes" in job, f"{path.name}: {name}"


def test_the_version_is_the_same_everywhere():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    assert {*VERSIONS, cited} == {VERSIONS[0]}
    for changelog in ("CHANGELOG.md", "engine/CHANGELOG.md"):
        assert f"## {VERSIONS[0]} (" in (ROOT / changelog).read_text()


def test_the_devcontainer_is_json():
    assert json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())["image"]
