"""The digits are those that their README names, and the little network learns by right gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling_lab.cnn import accuracy, build, convolve, forward, train
from pooling_lab.digits import load_digits, shift, shift_around
from pooling_ref import networks, pooling

POOLS = {"max": pooling.max_pool2d, "avg": pooling.avg_pool2d}
NETWORKS = {
    "none": [("conv", 3, 3), ("relu",), ("dense", 4)],
    "max": [("conv", 3, 3), ("relu",), ("max", 2), ("conv", 2, 3), ("relu",), ("dense", 4)],
    "avg": [("conv", 3, 5), ("relu",), ("avg", 3), ("conv", 2, 1), ("dense", 4)],
    "stride": [("conv", 3, 3, 2), ("relu",), ("conv", 2, 3, 3), ("dense", 4)],
}
SHAPE = (2, 7, 8)


def test_there_are_1797_digits_of_8_by_8_with_17_greys():
    digits = load_digits(side=8)
    images = np.concatenate([digits.train_images, digits.test_images])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert images.shape == (1797, 1, 8, 8)
    assert set(np.unique(images * 16)) == set(range(17))
    # The class distribution that UCI gives for the test set.
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize(
    ("settings", "named"), [({"train": 0}, "train"), ({"train": 1797}, "train"), ({"side": 7}, "side")]
)
def test_a_setting_out_of_range_is_refused_by_name_and_value(settings, named):
    with pytest.raises(ValueError, match=f"{named} must .*not {settings[named]}"):
        load_digits(**settings)


IMAGES = load_digits(train=8).train_images
LABELS = load_digits(train=8).train_labels
REFUSED = {
    "a part of an image to train on": (load_digits, (800.5,), TypeError, ["train", "800.5"]),
    "a yes to train on": (load_digits, (True,), TypeError, ["train", "True"]),
    "half a pixel of a side": (load_digits, (800, 16.5), TypeError, ["side", "16.5"]),
    "half a pixel down": (shift, (IMAGES, 1.5, 0), TypeError, ["down", "1.5"]),
    "half a pixel to the right": (shift, (IMAGES, 0, 1.5), TypeError, ["right", "1.5"]),
    "a row to shift": (shift, (np.ones(3), 1, 0), ValueError, ["images", "(3,)"]),
    "half a pixel around": (shift_around, (IMAGES, 0.5), TypeError, ["pixels", "0.5"]),
    "a matrix to shift around": (shift_around, (np.ones((3, 4)), 1), ValueError, ["images", "(3, 4)"]),
    "no images in a step": (train, ([], IMAGES, LABELS, 1, 0), ValueError, ["batch", "0"]),
    "half an epoch": (train, ([], IMAGES, LABELS, 0.5), TypeError, ["epochs", "0.5"]),
    "fewer epochs than none": (train, ([], IMAGES, LABELS, -1), ValueError, ["epochs", "-1"]),
    "too few labels": (train, ([], IMAGES, LABELS[:7]), ValueError, ["labels", "8", "7"]),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_an_argument_that_cannot_be_meant_is_named_with_its_value(mistake):
    function, arguments, exception, words = REFUSED[mistake]
    with pytest.raises(exception) as error:
        function(*arguments)
    assert all(word in str(error.value) for word in words), str(error.value)


@given(down=st.integers(-6, 6), right=st.integers(-6, 6))
def test_shifting_moves_what_stays_in_sight_and_nothing_else(down, right):
    x = np.arange(1, 31).reshape(5, 6)
    moved = shift(x, down, right)
    for (i, j), value in np.ndenumerate(moved):
        inside = 0 <= i - down < 5 and 0 <= j - right < 6
        assert value == (x[i - down, j - right] if inside else 0)


def test_no_ink_is_lost_up_to_four_pixels():
    images = load_digits().test_images
    for pixels in range(5):
        assert shift_around(images, pixels).sum(axis=(1, 2, 3)) == pytest.approx(images.sum(axis=(1, 2, 3)))


def test_convolve_is_what_the_reference_convolves():
    random = np.random.default_rng(1)
    x, weights, bias = (
        random.normal(size=(2, 3, 5, 6)),
        random.normal(size=(4, 3, 3, 3)),
        random.normal(size=4),
    )
    both = networks.conv_block(x, weights, bias) - networks.conv_block(x, -weights, -bias)
    assert np.allclose(convolve(x, weights, bias), both)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_shapes_of_a_network_are_those_of_the_arithmetic(name):
    network, shape, x = build(NETWORKS[name], SHAPE, POOLS), SHAPE, np.zeros((1, *SHAPE), np.float32)
    for description, layer in zip(NETWORKS[name], network, strict=True):
        learned = sum(parameter.size for parameter in layer.parameters)
        assert learned == networks.layer_parameters(description, shape)
        shape, x = networks.layer_shape(description, shape), layer.forward(x)
        assert x[0].size == np.prod(shape) and x.shape[1 : x.ndim] == shape[: x.ndim - 1]


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_the_slopes_that_finite_differences_measure(name):
    random = np.random.default_rng(3)
    network = build(NETWORKS[name], SHAPE, POOLS, seed=2)
    for layer in network:
        for parameter in layer.parameters:
            parameter += random.normal(0, 0.1, parameter.shape)
    x = random.normal(size=(2, *SHAPE))
    towards = random.normal(size=(2, 4))
    forward(network, x)
    grad = towards
    for layer in reversed(network):
        layer.learn(grad)
        grad = layer.backward(grad)
    for values, slopes in [
        (x, grad),
        *((p, g) for each in network for p, g in zip(each.parameters, each.gradients, strict=True)),
    ]:
        for cell in list(np.ndindex(values.shape))[:: max(1, values.size // 9)]:
            before, step = values[cell], 2**-11
            sums = []
            for sign in (1, -1):
                values[cell] = before + sign * step
                sums.append((forward(network, x) * towards).sum())
            values[cell] = before
            assert (sums[0] - sums[1]) / (2 * step) == pytest.approx(slopes[cell], rel=0.05, abs=0.02)


def test_training_learns_and_the_same_seed_learns_the_same():
    digits = load_digits(train=100)
    layers = [("conv", 4, 3), ("relu",), ("max", 2), ("dense", 10)]
    losses = []
    for _ in range(2):
        network = build(layers, (1, 16, 16), POOLS, seed=5)
        losses.append(train(network, digits.train_images, digits.train_labels, epochs=60, seed=5))
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0] / 5
    assert accuracy(network, digits.train_images, digits.train_labels) > 0.95


@pytest.mark.parametrize(
    ("layer", "exception", "words"),
    [
        (("median", 2), ValueError, ["no layer 'median'; there are conv, relu, dense, max, avg"]),
        (([], 2), ValueError, ["no layer []"]),
        (("conv",), ValueError, ["('conv',)", "2 or 3 numbers, not 0"]),
        (("relu", 2), ValueError, ["('relu', 2)", "0 numbers, not 1"]),
        (("max", 2, 2), ValueError, ["('max', 2, 2)", "1 numbers, not 2"]),
        (("max", 0), ValueError, ["('max', 0)", "at least 1, not 0"]),
        (("conv", 2, 3.0), TypeError, ["('conv', 2, 3.0)", "not 3.0"]),
        ("relu", TypeError, ["('max', 2)", "'relu'"]),
        ((), TypeError, ["()"]),
        (("max", 8), ValueError, ["('max', 8)", "larger", "(2, 7, 8)"]),
    ],
)
def test_a_layer_that_cannot_be_built_is_named_with_what_is_wrong(layer, exception, words):
    with pytest.raises(exception) as error:
        build([layer], SHAPE, POOLS)
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("layer", [("conv", 2, 3), ("max", 1)])
def test_a_layer_for_images_is_refused_behind_a_dense_one(layer):
    with pytest.raises(ValueError, match=r"takes \(channels, height, width\), but gets \(4,\)"):
        build([("dense", 4), layer], SHAPE, POOLS)
