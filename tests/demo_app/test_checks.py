"""Every refusal is a sentence that says what was wrong and what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from demo_app.errors import BadInput
from demo_app.services import checks


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3)])
def test_whole_numbers_pass(value):
    assert checks.integer("The pixel", value, 0, 9) == 3


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (3.5, "The pixel must be a whole number from 0 to 9, not 3.5"),
        ("3", "not '3'"),
        (None, "not None"),
        (True, "not True"),
        (float("nan"), "not nan"),
        (float("inf"), "not inf"),
        ([3], r"not \[3\]"),
        (-1, "The pixel must lie between 0 and 9; -1 does not"),
        (10, "10 does not"),
        (10**30, "does not"),
        ("x" * 1000, "not 'x{39}\\.$"),
    ],
)
def test_other_integers_are_refused(value, complaint):
    with pytest.raises(BadInput, match=complaint):
        checks.integer("The pixel", value, 0, 9)


@pytest.mark.parametrize("value", [0.5, 3, np.float32(0.5), 0.1])
def test_numbers_in_range_pass(value):
    assert checks.number("The temperature", value, 0.1, 3) == value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("hot", "The temperature must be a number from 0.1 to 3, not 'hot'"),
        (None, "not None"),
        (True, "not True"),
        (float("nan"), "not nan"),
        (0.05, "The temperature must lie between 0.1 and 3; 0.05 does not"),
        (4, "4 does not"),
    ],
)
def test_other_numbers_are_refused(value, complaint):
    with pytest.raises(BadInput, match=complaint):
        checks.number("The temperature", value, 0.1, 3)


@pytest.mark.parametrize("value", [[0, 1, 1, 0], [[0, 1], [1, 0]], np.array([0.0, 1, 1, 0])])
def test_bits_pass_row_by_row(value):
    x = checks.bits("The pixels", value, 4)
    assert x.dtype == np.float32
    assert x.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([0, 1], "The pixels must be 4 numbers; 2 were given"),
        ([], "0 were given"),
        ([0, 1, 0.5, 0], "must each be 0 or 1; 0.5 is neither"),
        ([0, 1, 2, 0], "must lie between 0 and 1; 2 does not"),
        ([0, 1, -1, 0], "-1 does not"),
        ([0, 1, float("nan"), 0], "must not hold NaN or infinity"),
        ([0, 1, float("inf"), 0], "must not hold NaN or infinity"),
        ("0110", "must be a list of numbers, not str"),
        (None, "must be a list of numbers, not NoneType"),
        (7, "must be a list of numbers, not int"),
        ({"a": 1}, "must be a list of numbers, not dict"),
        ([0, 1, "1", 0], "must be a list of numbers, row by row"),
        ([[0, 1], [1]], "must be a list of numbers, row by row"),
        ([0, 1, None, 0], "must be a list of numbers, row by row"),
    ],
)
def test_other_bits_are_refused(value, complaint):
    with pytest.raises(BadInput, match=complaint):
        checks.bits("The pixels", value, 4)


def test_numbers_keep_their_values():
    assert checks.numbers("z", [-1.5, 2], 2, -6, 6).tolist() == [-1.5, 2]
    with pytest.raises(BadInput, match="z must lie between -6 and 6; 7 does not"):
        checks.numbers("z", [0, 7], 2, -6, 6)
