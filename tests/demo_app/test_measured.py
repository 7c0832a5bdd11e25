"""Which figures of a release the page shows: those that compare with the others beside them."""

from __future__ import annotations

from demo_app.services import measured, over_seeds

OLD = "judge features, 60 pictures, 60 test images"
NEW = "judge features v2, 60 samples, 60 test images"
BOUND = "importance-weighted bound, k = {}, dynamic binarization, 60 test images"


def figure(name: str, value: float, setting: str) -> dict[str, object]:
    return {"name": name, "value": value, "setting": setting}


def test_a_figure_of_an_older_version_is_not_shown():
    info = {"figures": [figure("fid", 3.0, OLD), figure("nll", 80.0, "60 test images")]}
    assert measured(info) == {"nll": 80.0}
    assert over_seeds(info, "fid") == []
    info = {
        "figures": [figure("fid", 2.0, NEW)],
        "seeds": {"0": [figure("fid", 2.0, NEW)], "1": [figure("fid", 9.0, OLD)]},
    }
    assert measured(info) == {"fid": 2.0}
    assert over_seeds(info, "fid") == [2.0]


def test_a_bound_of_another_number_of_samples_is_not_shown():
    few = {"figures": [figure("nll_bound", 85.0, BOUND.format(50)), figure("kl", 9.0, "so")]}
    assert measured(few) == {"kl": 9.0}
    many = {"figures": [figure("nll_bound", 84.0, BOUND.format(500))]}
    assert measured(many) == {"nll_bound": 84.0}
    other = {"figures": [figure("nll_bound", 83.0, BOUND.format(5000))]}
    assert measured(other) == {}
