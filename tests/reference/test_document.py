"""The document's two matrices, pooled by a 2×2 window that moves by 2."""

import numpy as np
import pytest

from pooling_ref import avg_pool2d, max_pool2d

FOR_MAX = [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
FOR_AVERAGE = [[31, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_max_pooling_gives_what_the_document_prints(dtype):
    pooled = max_pool2d(np.array(FOR_MAX, dtype), 2)
    assert pooled.tolist() == [[100, 184], [12, 45]]
    assert pooled.dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_average_pooling_gives_the_exact_average_where_the_document_cuts_off_a_half(dtype):
    assert avg_pool2d(np.array(FOR_AVERAGE, dtype), 2, 2).tolist() == [[36.5, 80], [12, 15]]


def test_the_first_cell_of_the_other_matrix_averages_to_the_36_that_is_printed():
    assert avg_pool2d(np.array(FOR_MAX), 2)[0, 0] == 36
