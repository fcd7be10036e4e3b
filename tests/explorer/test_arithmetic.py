"""The picture's arithmetic, in the browser and in the still figure, against a slow oracle."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pooling_lab.explorer.examples import plain_rows
from pooling_lab.explorer.panel import HERE, picture_values
from pooling_lab.explorer.setting import Setting

POOL_ALL = """cases => cases.map(([rows, s]) => {
    const plan = pool(rows.map(row => row.map(Number)), s);
    const output = [];
    for (let r = 0; r < plan.n_rows; r++) {
        const line = [];
        for (let c = 0; c < plan.n_cols; c++) line.push(String(plan.windowAt(r, c).value));
        output.push(line);
    }
    return [plan.n_rows, plan.n_cols, output];
})"""


@np.errstate(invalid="ignore")  # ∞ - ∞
def oracle(x: np.ndarray, setting: Setting) -> np.ndarray:
    """Pooling as its definition reads: pad, look at every window, take its maximum or its mean."""
    (down, across), (n_rows, n_cols) = setting.padding, setting.window
    fill = -math.inf if setting.mode == "max" else 0.0
    padded = np.pad(x.astype(float), ((down, down), (across, across)), constant_values=fill)
    real = np.pad(np.ones(x.shape), ((down, down), (across, across)))
    rows = range(0, padded.shape[0] - n_rows + 1, setting.stride[0])
    columns = range(0, padded.shape[1] - n_cols + 1, setting.stride[1])
    output = np.empty((len(rows), len(columns)))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window, cells = padded[r : r + n_rows, c : c + n_cols], real[r : r + n_rows, c : c + n_cols]
            if setting.mode == "max":
                output[i, j] = window.max()
            else:
                output[i, j] = window.sum() / (window.size if setting.count_include_pad else cells.sum())
    return output


@st.composite
def cases(draw):
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    window = draw(st.tuples(*(st.integers(1, size) for size in shape)))
    stride = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    padding = draw(st.tuples(*(st.integers(0, size // 2) for size in window)))
    setting = Setting(window, stride, padding, draw(st.sampled_from(["max", "average"])), draw(st.booleans()))
    numbers = st.one_of(
        st.integers(-300, 300), st.sampled_from([-0.5, 2.25, 1e-3, math.nan, math.inf, -math.inf])
    )
    cells = draw(st.lists(numbers, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    return np.array(cells, dtype=float).reshape(shape), setting


@pytest.fixture(scope="module")
def calculator(browser):
    """A page that has loaded the picture's module."""
    page = browser.new_page()
    page.add_script_tag(type="module", content=(HERE / "picture.js").read_text() + "\nwindow.pool = pool;")
    page.wait_for_function("() => Boolean(window.pool)")
    yield page
    page.close()


@pytest.mark.needs("chromium")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(cases(), min_size=1, max_size=5))
def test_the_picture_s_arithmetic_agrees_with_the_definition(calculator, batch):
    sent = [[plain_rows(x), picture_values(setting, False)] for x, setting in batch]
    for (x, setting), (n_rows, n_cols, output) in zip(
        batch, calculator.evaluate(POOL_ALL, sent), strict=True
    ):
        expected = oracle(x, setting)
        assert (n_rows, n_cols) == expected.shape == setting.windows(x.shape)
        got = np.array([[float(value.replace("Infinity", "inf")) for value in row] for row in output])
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=150)
@given(case=cases())
def test_the_still_figure_s_arithmetic_agrees_with_the_definition(case):
    x, setting = case
    expected = oracle(x, setting)
    for place in setting.places(x.shape):
        _formula, value = setting.formula(setting.seen(x.tolist(), place))
        np.testing.assert_allclose(value, expected[place], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("window", "padding"), [((5, 1), (0, 0)), ((1, 5), (0, 0)), ((2, 2), (2, 0)), ((3, 2), (1, 2))]
)
def test_no_window_fits_where_the_setting_is_impossible(window, padding):
    assert Setting(window, (1, 1), padding).windows((4, 4)) == (0, 0)
