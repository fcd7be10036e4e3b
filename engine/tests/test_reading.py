"""Any submitted file becomes a valid notebook, or a clear message says why not."""

import json
import os

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader_sealed.messages import languages
from nbgrader_sealed.submission.links import disarm_links
from nbgrader_sealed.submission.reading import (
    MAX_BYTES,
    MAX_SOURCE,
    SafeNotebookExporter,
    Unreadable,
    read,
    rebuild,
)

ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=4),
        st.fixed_dictionaries(
            {
                "cell_type": st.one_of(st.sampled_from(["code", "markdown", "raw", "heading"]), inner),
                "source": inner,
                "metadata": inner,
            },
            optional={"id": inner, "attachments": inner, "outputs": inner},
        ),
    ),
    max_leaves=15,
)
NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.one_of(st.lists(ANYTHING, max_size=5), ANYTHING)},
    optional={"metadata": ANYTHING, "nbformat": ANYTHING, "nbformat_minor": ANYTHING},
)


def notebook():
    cells = [new_code_cell("a = 1\nprint(a)"), new_markdown_cell("# Title\n\ntext")]
    return new_notebook(cells=cells, metadata={"lang": "es"})


@given(NOTEBOOKS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_cells_make_a_valid_notebook(tmp_path, data):
    path = tmp_path / "any.ipynb"
    path.write_text(json.dumps(data))
    try:
        nb = read(path)
    except Unreadable:
        return
    nbformat.validate(nb)
    nbformat.writes(nb).encode()


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_notebook_or_unreadable(tmp_path, content):
    path = tmp_path / "any.ipynb"
    path.write_bytes(content)
    try:
        nbformat.validate(read(path))
    except Unreadable as error:
        assert str(error)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_a_notebook_in_any_encoding_is_read(tmp_path, encoding):
    nb = notebook()
    nb.cells[1].source = "el máximo"
    path = tmp_path / "nb.ipynb"
    path.write_bytes(json.dumps(nb, ensure_ascii=False).encode(encoding))
    assert read(path).cells[1].source == "el máximo"


@pytest.mark.parametrize("version", [3, 4])
def test_a_notebook_of_an_older_format_is_read(tmp_path, version):
    nb = notebook()
    for cell in nb.cells:
        cell.pop("id")
    sources = [cell.source for cell in nb.cells]
    nb.nbformat_minor = 0
    path = tmp_path / "nb.ipynb"
    path.write_text(nbformat.writes(nbformat.convert(nb, version), version=version))
    assert [cell.source for cell in read(path).cells] == sources


def test_line_ends_of_windows_become_plain(tmp_path):
    nb = notebook()
    nb.cells[0].source = "a = 1\r\nb = 2\rc = 3"
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps(nb))
    assert read(path).cells[0].source == "a = 1\nb = 2\nc = 3"


def test_tags_outputs_and_widgets_are_left_out_and_the_language_stays(tmp_path):
    nb = notebook()
    nb.cells[0].metadata = {"tags": ["skip-execution"], "nbgrader": {"grade_id": "a", "colour": "red"}}
    nb.cells[0].outputs = [{"output_type": "stream", "name": "stdout", "text": "x" * 100_000}]
    nb.metadata["widgets"] = {"state": {}}
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps(nb))
    read_nb = read(path)
    assert read_nb.cells[0].metadata == {"nbgrader": {"grade_id": "a"}}
    assert read_nb.cells[0].outputs == []
    assert read_nb.metadata == {"lang": "es"}


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "real.ipynb").write_text(json.dumps(notebook()))
    (tmp_path / "link.ipynb").symlink_to("real.ipynb")
    with pytest.raises(Unreadable, match="link"):
        read(tmp_path / "link.ipynb")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(Unreadable, match="not a file"):
        read(tmp_path / "pipe.ipynb")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "large.ipynb", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(Unreadable, match=r"^more than 50 MB$"):
        read(tmp_path / "large.ipynb")


@pytest.mark.parametrize(
    ("kind", "end"), [(new_code_cell, "\n# ... se omitió el resto"), (new_markdown_cell, "el resto")]
)
def test_a_cells_text_has_an_end_that_says_so_and_stays(kind, end):
    nb = notebook()
    nb.cells = [kind("a" * (MAX_SOURCE + 1)), kind("b" * MAX_SOURCE)]
    cut, whole = rebuild(nb).cells
    assert len(cut.source) == MAX_SOURCE
    assert cut.source.endswith(end)
    assert whole.source == nb.cells[1].source
    nb.cells = [cut, whole]
    assert [cell.source for cell in rebuild(nb).cells] == [cut.source, whole.source]


def test_a_picture_in_a_text_is_no_long_text():
    nb = notebook()
    nb.cells[1].source = f"![p](data:image/png;base64,{'A' * 1_000_000})"
    assert rebuild(nb).cells[1].source == nb.cells[1].source


def what_is_said_of(path, language):
    text, _ = SafeNotebookExporter(language=language).from_filename(str(path))
    (cell,) = nbformat.reads(text, as_version=4).cells
    return cell.source


def test_a_file_that_is_no_notebook_says_so_in_every_language_with_the_next_step(tmp_path):
    (tmp_path / "cut.ipynb").write_text('{"cells": [')
    said = what_is_said_of(tmp_path / "cut.ipynb", "es")
    assert said.index("ábrelo en JupyterLab") < said.index("open it in JupyterLab")
    assert said.count("(JSONDecodeError: ") == len(languages())


@pytest.mark.parametrize(
    ("content", "english", "spanish"),
    [
        (b"[]", "(JSON without a notebook's cells)", "(JSON sin las celdas de un cuaderno)"),
        (b"{}", "(JSON without a notebook's cells)", "(JSON sin las celdas de un cuaderno)"),
        (None, "(a link)", "(un enlace)"),
        (b" " * (MAX_BYTES + 1), "(more than 50 MB)", "(más de 50 MB)"),
    ],
    ids=["a list", "nothing", "a link", "too large"],
)
def test_the_reason_is_said_in_the_language_of_its_sentence(tmp_path, content, english, spanish):
    path = tmp_path / "odd.ipynb"
    path.symlink_to("elsewhere.ipynb") if content is None else path.write_bytes(content)
    first, second = what_is_said_of(path, "en").split("\n\n")
    assert english in first and spanish in second


@pytest.mark.parametrize("name", ["{", "{target}", "caf\udce9 {0.__class__}"])
def test_the_note_in_a_link_s_place_is_in_every_language_whatever_its_target(tmp_path, name):
    folder = tmp_path / "me" / "ps"
    folder.mkdir(parents=True)
    (folder / "data.csv").symlink_to(name)
    disarm_links("ps", "me", [str(folder / "ps.ipynb")])
    english, spanish = (folder / "data.csv").read_text(encoding="utf-8").splitlines()
    assert english == f"A link to {name!r} was submitted here. Only regular files and folders are accepted."
    assert spanish.startswith(f"Aquí se entregó un enlace a {name!r}.")
