"""Every pooling case of ONNX's backend node tests, collected from the package `onnx` itself."""

import warnings

import numpy as np
import onnx
import pytest
from onnx.backend.test.case.node import collect_testcases

from pooling_ref import engine
from pooling_ref.windows import lay_windows

POOLING = ("MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool")

# Cases that the engine does not do, each with its reason. None is left.
UNSUPPORTED: dict[str, str] = {}


def collect() -> dict[str, object]:
    """Give the cases whose model is one pooling node."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the cases of other operators
        cases = collect_testcases()
    return {
        case.name: case for case in cases if {node.op_type for node in case.model.graph.node} <= {*POOLING}
    }


CASES = collect()


def run(node: onnx.NodeProto, x: np.ndarray) -> list[np.ndarray]:
    """Do what the node says: ONNX's attributes in the engine's words."""
    given = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    sizes = x.shape[2:]
    axes = len(sizes)
    kernels = sizes if node.op_type.startswith("Global") else given.pop("kernel_shape")
    strides = given.pop("strides", [1] * axes)
    dilations = given.pop("dilations", [1] * axes)
    pads = given.pop("pads", [0] * 2 * axes)
    shared = {
        "ceil_mode": bool(given.pop("ceil_mode", 0)),
        "auto_pad": given.pop("auto_pad", b"NOTSET").decode(),
    }
    windows = [
        lay_windows(*one_axis, pads=(pads[i], pads[i + axes]), **shared)
        for i, one_axis in enumerate(zip(sizes, kernels, strides, dilations, strict=True))
    ]
    count_include_pad = bool(given.pop("count_include_pad", 0))
    order = "CF"[given.pop("storage_order", 0)]
    assert not given, f"attributes that nobody read: {given}"
    if "Average" in node.op_type:
        return [engine.avg_pool(x, windows, count_include_pad)]
    return [engine.max_pool(x, windows), engine.arg_max_pool(x, windows, order)][: len(node.output)]


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_engine_gives_what_onnx_expects(name):
    if name in UNSUPPORTED:
        pytest.skip(UNSUPPORTED[name])
    (node,) = CASES[name].model.graph.node
    assert CASES[name].data_sets
    for (x,), expected in CASES[name].data_sets:
        pooled = run(node, x)
        assert len(pooled) == len(expected)
        for ours, theirs in zip(pooled, expected, strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=CASES[name].rtol, atol=CASES[name].atol)


def test_all_cases_were_collected_and_all_are_supported():
    operators = [case.model.graph.node[0].op_type for case in CASES.values()]
    counted = {name: operators.count(name) for name in POOLING}
    # onnx 1.18 has these; a newer one may only add.
    fewest = {"MaxPool": 19, "AveragePool": 20, "GlobalMaxPool": 2, "GlobalAveragePool": 2}
    assert all(counted[name] >= fewest[name] for name in POOLING), counted
    assert not UNSUPPORTED
