"""The photo and the pictures: what they show, and what they never do."""

import base64
import re
import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from pooling_lab import charts, photo, pictures, set_language
from pooling_lab.photos import DATA, PHOTOS
from pooling_ref.pooling import max_pool2d

PRINTED = np.array([[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]])


@pytest.fixture
def shown(monkeypatch) -> list:
    """What a cell would show, in English."""
    out = []
    monkeypatch.setattr(pictures, "display", lambda item: out.append(item.data))
    set_language("en")
    yield out
    set_language(None)


def alt_of(page: str) -> str:
    return re.search(r'alt="([^"]*)"', page)[1]


def svg_of(page: str) -> ET.Element:
    data = re.search(r"data:image/svg\+xml;base64,([^\"]*)", page)[1]
    return ET.fromstring(base64.b64decode(data))


def pixels_of(page: str) -> list[np.ndarray]:
    """What a browser would draw for each photo of a page, shape (H, W, 3)."""
    sources = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    return [np.asarray(Image.open(BytesIO(base64.b64decode(source))).convert("RGB")) for source in sources]


def words_in(page: str) -> list[str]:
    return [element.text for element in svg_of(page).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_is_a_batch_of_one_with_three_channels(name):
    image = photo(name)
    size = (60, 72) if name.endswith("max-4") else (240, 288)
    assert image.shape == (1, 3, *size)
    assert image.dtype == np.uint8


def test_a_photo_can_be_written_on_without_harm():
    photo()[:] = 0
    assert photo().any()


def test_a_photo_that_ships_is_shown_as_its_file_and_one_that_was_changed_is_not(shown):
    changed = photo()
    changed[0, 0, 0, 0] ^= 1
    pictures.show_photos(photo(), changed)
    first, second = re.findall(r'src="data:image/webp;base64,([^"]+)"', shown[0])
    assert base64.b64decode(first) == (DATA / "cat.webp").read_bytes()
    assert first != second
    np.testing.assert_array_equal(pixels_of(shown[0])[1], changed[0].transpose(1, 2, 0))


@pytest.mark.needs("skimage")
def test_the_photo_is_the_cut_that_its_source_and_table_say():
    from skimage.data import chelsea

    np.testing.assert_array_equal(photo()[0], chelsea()[60:300, 70:358].transpose(2, 0, 1))


@pytest.mark.parametrize("name", ["cat", "noisy-cat"])
def test_the_pooled_photos_that_ship_are_what_the_reference_makes_of_the_others(name):
    np.testing.assert_array_equal(photo(f"{name}-max-4"), max_pool2d(photo(name), 4))


def test_the_numbers_that_the_notebook_tells_are_those_of_the_photos():
    noise = photo("noisy-cat").astype(float) - photo()
    assert round(np.abs(noise).mean(), 1) == 19.7
    pooled = photo("noisy-cat-max-4").astype(float) - photo("cat-max-4")
    assert round(np.abs(pooled).mean(), 1) == 32.9


@pytest.mark.parametrize("name", ["dog", [], None])
def test_an_unknown_photo_is_named_with_those_there_are(name):
    with pytest.raises(ValueError, match=re.escape(f"name: there is no photo {name!r}; there are cat,")):
        photo(name)


def test_every_file_of_data_stands_in_its_table_of_licences():
    table = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        if path.name != "README.md":
            assert f"`{path.name}`" in table
            assert path.stat().st_size < 150_000


def test_windows_are_drawn_with_what_comes_out_or_a_question_mark(shown):
    pictures.show_windows(PRINTED, 2)
    pictures.show_windows(PRINTED, 2, np.array([[36.5, 80], [12, 15]]))
    numbers = [str(value) for value in PRINTED.ravel()]
    assert words_in(shown[0]) == [*numbers, "→", "?", "?", "?", "?"]
    assert words_in(shown[1]) == [*numbers, "→", "36.5", "80", "12", "15"]
    assert alt_of(shown[1]) == (
        "Matrix: 29, 15, 28, 184; 0, 100, 70, 38; 12, 12, 7, 2; 12, 12, 45, 6. "
        "Windows of 2×2, side by side. What comes out: 36.5, 80; 12, 15."
    )


def test_windows_may_be_rectangles_and_leave_cells_over(shown):
    pictures.show_windows(np.arange(35).reshape(5, 7), (2, 3))
    assert words_in(shown[0])[-4:] == ["?"] * 4
    dashed = [e for e in svg_of(shown[0]).iter() if e.get("stroke-dasharray")]
    assert len(dashed) == 35 - 4 * 6


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "windows"),
    [(7, 3, 2, 0, 3), (8, 3, 2, 0, 3), (6, 3, 2, 1, 3), (5, 2, None, 0, 2), (4, 4, 1, 0, 1)],
)
def test_steps_are_numbered_as_far_as_they_fit(shown, size, kernel, stride, padding, windows):
    pictures.show_steps(size, kernel, stride, padding)
    assert words_in(shown[0])[-windows - 1 :] == [*map(str, range(1, windows + 1)), "✗"]


def test_padding_is_drawn_around_the_matrix(shown):
    pictures.show_padding(PRINTED, kernel_size=3, padding=1, fill="−∞")
    assert words_in(shown[0]).count("−∞") == 6 * 6 - 4 * 4
    assert "holding −∞" in alt_of(shown[0])


def test_photos_say_their_size_and_what_they_show(shown):
    pictures.show_photos(photo(), photo("cat-max-4"), captions=["original"])
    alts = re.findall(r'alt="([^"]*)"', shown[0])
    assert alts[0].startswith("original, 240 × 288 pixels. A tabby cat")
    assert alts[1].startswith("60 × 72 pixels. A tabby cat")


def test_a_single_pixel_is_described_by_its_colour(shown):
    pictures.show_photos(np.array([150.2, 109, 78]).reshape(1, 3, 1, 1))
    assert alt_of(shown[0]) == "1 × 1 pixels. One colour: red 150, green 109, blue 78."


def test_what_pictures_are_given_is_left_as_it_was(shown):
    image, matrix = photo(), PRINTED.copy()
    image.flags.writeable = matrix.flags.writeable = False
    pictures.show_photos(image)
    pictures.show_windows(matrix, 2)
    pictures.show_padding(matrix, 3, 1, "0")
    assert len(shown) == 3


def test_a_cell_waits_for_a_function_that_is_not_written(shown):
    def max_pool2d():
        raise NotImplementedError

    with pictures.when_written(max_pool2d):
        max_pool2d()
    assert shown == ["This cell waits for `max_pool2d`. Write it first, then run it again."]


def test_a_cell_says_in_one_line_where_a_function_stops(shown):
    def max_pool2d():
        raise TypeError("no window here")

    with pictures.when_written(max_pool2d):
        max_pool2d()
    assert len(shown) == 1 and "TypeError" in shown[0] and "no window here" in shown[0]


SIX = {name: [[1.0]] for name in "abcdef"}
BATCH, RGBA, NO_PHOTO = np.ones((1, 1, 2, 2)), np.ones((4, 2, 3)), np.ones((0, 3, 2, 2))
# The picture and what it is given; the exception; what its message must name.
REFUSED = {
    "windows on a row": (pictures.show_windows, ([1, 2], 2), ValueError, ["x ", "2 axes", "(2,)"]),
    "windows on rags": (pictures.show_windows, ([[1, 2], [3]], 2), ValueError, ["x ", "[[1, 2], [3]]"]),
    "windows of nothing": (pictures.show_windows, (PRINTED, 0), ValueError, ["kernel_size", "0"]),
    "float windows": (pictures.show_windows, (PRINTED, 2.0), TypeError, ["kernel_size", "2.0"]),
    "windows in space": (
        pictures.show_windows,
        (PRINTED, (1, 2, 3)),
        ValueError,
        ["kernel_size", "(1, 2, 3)"],
    ),
    "a batch as result": (pictures.show_windows, (PRINTED, 2, BATCH), ValueError, ["result", "(1, 1, 2, 2)"]),
    "padding of a row": (pictures.show_padding, ([1], 3, 1, "0"), ValueError, ["x ", "(1,)"]),
    "float padding": (pictures.show_padding, (PRINTED, 3, 1.0, "0"), TypeError, ["padding", "1.0"]),
    "negative padding": (pictures.show_padding, (PRINTED, 3, -1, "0"), ValueError, ["padding", "-1"]),
    "padding, two sides": (
        pictures.show_padding,
        (PRINTED, (3, 2), 1, "0"),
        TypeError,
        ["kernel_size", "(3, 2)"],
    ),
    "steps nowhere": (pictures.show_steps, (0, 3), ValueError, ["size", "0"]),
    "steps of nothing": (pictures.show_steps, (7, 0), ValueError, ["kernel_size", "0"]),
    "steps on the spot": (pictures.show_steps, (7, 3, 0), ValueError, ["stride", "0"]),
    "half steps": (pictures.show_steps, (7, 3, 1.5), TypeError, ["stride", "1.5"]),
    "steps, negative padding": (pictures.show_steps, (7, 3, 1, -1), ValueError, ["padding", "-1"]),
    "flow of a row": (pictures.show_flow, ([1], PRINTED, PRINTED), ValueError, ["grad_output", "(1,)"]),
    "flow to elsewhere": (
        pictures.show_flow,
        ([[1]], PRINTED, [[1]]),
        ValueError,
        ["grad_x", "(4, 4)", "(1, 1)"],
    ),
    "a matrix as photo": (pictures.show_photos, (PRINTED,), ValueError, ["images", "3 or 4 axes", "(4, 4)"]),
    "four channels": (pictures.show_photos, (RGBA,), ValueError, ["images", "1 or 3 channels", "(4, 2, 3)"]),
    "no photo": (pictures.show_photos, (NO_PHOTO,), ValueError, ["images", "(0, 3, 2, 2)"]),
    "a photo of words": (pictures.show_photos, ([[["a"]]],), ValueError, ["images", "<U1"]),
    "six profiles": (pictures.show_profiles, (SIX, "", (0, 2)), ValueError, ["lines", "1 to 3", "6"]),
    "no profile": (pictures.show_profiles, ({}, "", (0, 2)), ValueError, ["lines", "1 to 3", "0"]),
    "digits in no column": (charts.show_digits, (BATCH, [1], 0), ValueError, ["columns", "0"]),
    "six accuracies": (charts.show_accuracies, (SIX,), ValueError, ["parts", "1 to 5", "6"]),
    "six shifts": (charts.show_shifts, ([0], SIX), ValueError, ["accuracies", "1 to 5", "6"]),
    "six times": (charts.show_times, ([1], SIX), ValueError, ["seconds", "1 to 5", "6"]),
    "maps of some scale": (charts.show_maps, ({"x": BATCH[0]}, "yes"), TypeError, ["same_scale", "'yes'"]),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_cannot_be_drawn_is_named_with_its_value(shown, mistake):
    picture, arguments, exception, words = REFUSED[mistake]
    with pytest.raises(exception) as error:
        picture(*arguments)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert shown == []


def test_pairs_may_be_lists_and_matrices_nested_lists(shown):
    pictures.show_windows([[1, 2], [3, 4]], [1, 2], [[2], [4]])
    pictures.show_windows(np.array([[1, 2], [3, 4]]), (1, 2), np.array([[2], [4]]))
    pictures.show_flow([[1]], [[1, 2]], [[0, 1]])
    assert shown[0] == shown[1]
    assert words_in(shown[2])[-2:] == ["1", "grad_x"]


@pytest.mark.parametrize(("same_scale", "darkest"), [(False, [4, 2]), (True, [4, 4])])
def test_maps_have_a_scale_each_or_one_for_all(monkeypatch, same_scale, darkest):
    figures = []
    monkeypatch.setattr(charts, "_show", lambda figure, alt: figures.append(figure))
    charts.show_maps({"max": np.full((1, 3, 2), 4.0), "avg": np.full((1, 3, 2), 2.0)}, same_scale=same_scale)
    assert [axes.images[0].get_clim() for axes in figures[0].axes] == [(0, dark) for dark in darkest]


@pytest.mark.parametrize("shape", [(1, 49, 49), (2, 16, 16)])
def test_the_titles_of_maps_stay_inside_the_figure(monkeypatch, shape):
    figures = []
    monkeypatch.setattr(charts, "_show", lambda figure, alt: figures.append(figure))
    charts.show_maps({"None": np.ones(shape), "max": np.ones(shape), "avg": np.ones(shape)})
    figures[0].draw_without_rendering()
    titles = [axes.title.get_window_extent() for axes in figures[0].axes if axes.get_title()]
    assert len(titles) == 3
    assert all(title.y1 <= figures[0].bbox.y1 for title in titles)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it."""
    channels = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in (one, other)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


def test_numbers_are_readable_on_every_tint():
    for tint in (*pictures.TINTS[0], *pictures.TINTS[1]):
        assert contrast(pictures.INK, tint) >= 4.5
    for ground in (pictures.EMPTY, "#ffffff"):
        assert contrast(pictures.FAINT, ground) >= 4.5


@given(array_shapes(min_dims=2, max_dims=2, max_side=20), st.sampled_from((1, 3)), st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pixel_of_a_photo_is_shown_as_it_is(shown, size, channels, data):
    image = data.draw(arrays(np.uint8, (1, channels, *size)))
    pictures.show_photos(image)
    (pixels,) = pixels_of(shown[-1])
    np.testing.assert_array_equal(pixels, np.repeat(image[0], 3 // channels, axis=0).transpose(1, 2, 0))


def test_photos_are_shown_in_the_order_given_without_loss(shown):
    photos = [photo("noisy-cat"), photo("cat-max-4"), photo()]
    pictures.show_photos(*photos)
    for pixels, image in zip(pixels_of(shown[0]), photos, strict=True):
        np.testing.assert_array_equal(pixels, image[0].transpose(1, 2, 0))


def test_means_are_shown_rounded_and_from_0_to_255(shown):
    pictures.show_photos(np.array([[[[-3.0, 0.4, 0.6, 300.0]]]]))
    assert pixels_of(shown[0])[0][0, :, 0].tolist() == [0, 0, 1, 255]
