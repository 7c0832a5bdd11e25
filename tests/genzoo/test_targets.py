"""What recipes are to reach: what was agreed stands in them, and is judged by the releases."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from genzoo import recipes, releases
from genzoo.cli import main
from genzoo.data.avatars import SCHEMA
from genzoo.metrics import Target, judged

ROOT = Path(__file__).parents[2]


AGREED: dict[str, dict[str, Any]] = {
    "nade-mnist": {"nll <=": 83.5},
    "nade-orderless-mnist": {"nll <=": 81.0},
    "row-lstm-mnist": {"nll <=": 80.5},
    "diagonal-bilstm-mnist": {"nll <=": 79.2},
    "transformer-mnist": {"nll <=": 78.0},
    "fvbn-mnist": {"nll <=": 96.6, "nll_above_optimum <=": 0.1},
    "vae-mnist": {"nll_bound <=": 84.5},
    "ar28-mnist": {"nll <=": "ar1-mnist"},
    "pixels-markov-mnist": {"nll <=": "pixels-independent-mnist"},
    "iwae-mnist": {"nll_bound <=": "vae-mnist-short"},
    "aae-mnist-8": {"fid <=": "vae-mnist-8"},
    "vae-fashion-beta4": {"fid <=": "vae-fashion"},
    "vae-fashion-beta16": {"fid <=": "vae-fashion-beta4"},
    "progan-avatars": {"fid <=": "dcgan-avatars"},
    "dcgan-mnist": {"fid <=": 3},
    "dcgan-fashion": {"fid <=": 3},
    "infogan-mnist": {"unsupervised_error <=": 3.0, "fid <=": 3, "fid <= (worst)": 10},
    "judge-mnist": {"error <=": 0.6},
    "judge-mnist-second": {"rank_correlation >=": 0.95},
    "judge-fashion": {"error <=": 8.0},
    "judge-avatars": {"all_right >=": 99.5},
    "stargan-avatars": {
        "edit_read >=": 99.0,
        "edit_kept >=": 98.0,
        "edit_psnr_hat >=": 27.0,
        "edit_read_hat_color >=": 95.0,
    },
    "cyclegan-avatars": {"forth_error <=": 0.06, "cycle_error <=": 0.05, "back_read >=": 95.0},
    "text2image-avatars": {"text_read >=": 95.0, "text_entropy >=": 90.0},
    "transformer-avatars": {"text_read >=": 97.0},
    "vqvae-avatars": {"kept >=": 99.0, "codebook_use >=": 90.0},
    "puzzlegan-avatars": {"placed_3x3 >=": 95.0, "psnr_3x3_missing >=": 22.0},
}
"""What must be reached at least: a number, a multiple of the reference, or another release."""

UNMEASURED = {"nll_above_optimum", "edit_psnr_hat", "edit_read_hat_color"}
"""Metrics that have a target and that nothing measures yet."""


@pytest.mark.parametrize("name", AGREED)
def test_no_target_is_weaker_than_agreed(name):
    targets = recipes.get(name).targets
    for words, bound in AGREED[name].items():
        metric, sign, *worst = words.split(" ", 2)
        found = [
            target.than or target.times_reference or target.value
            for target in targets
            if (target.metric, target.comparison) == (metric, sign)
            and (not worst or target.seeds == "worst")
        ]
        if isinstance(bound, str):
            assert bound in found
        else:
            assert (min if sign == "<=" else max)(found) == bound, (name, words, found)


def test_targets_over_seeds_and_attributes_ask_for_all_of_them():
    for name in ("dcgan-mnist", "dcgan-fashion", "infogan-mnist", "progan-avatars"):
        assert {t.n_seeds for t in recipes.get(name).targets} == {3}
    [error] = [t for t in recipes.get("infogan-mnist").targets if "error" in t.metric]
    assert error.seeds == "worst"
    for name in ("text2image-avatars", "transformer-avatars", "vqvae-avatars"):
        [of_each, *_] = recipes.get(name).targets
        assert of_each.each == tuple(SCHEMA)
    [drawn] = [t for t in recipes.get("cyclegan-avatars").targets if t.each]
    colors = {"hair_color", "skin", "clothes_color", "background"}
    assert set(SCHEMA) - set(drawn.each) == colors
    for name in ("aae-mnist", "aae-mnist-deterministic", "aae-mnist-ring", "aae-mnist-swiss-roll"):
        assert recipes.get(name).targets == (Target("prior_p_value", ">=", 0.05),)


def test_the_vae_that_iwae_is_compared_with_differs_by_the_objective_alone():
    iwae, vae = recipes.get("iwae-mnist"), recipes.get("vae-mnist-short")
    assert vae.settings == iwae.settings
    assert vae.model_kwargs == iwae.model_kwargs
    assert vae.objective_kwargs["lr"] == iwae.objective_kwargs["lr"]
    assert vae.objective_kwargs["beta"] == 1


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize("name", recipes.names())
def test_a_target_is_for_something_that_is_measured(name):
    targets = recipes.get(name).targets
    for target in targets:
        if target.than:
            assert target.than in recipes.names()
            assert target.than != name
    if name not in releases.names():
        return
    figures = releases.info(name)["figures"]
    for target in targets:
        for metric in target.names:
            found = [f for f in figures if f["name"] == metric and target.setting in f["setting"]]
            assert len(found) == (metric not in UNMEASURED), (name, metric)


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize("name", recipes.names())
def test_plain_targets_are_met_by_the_number_and_by_nothing_else(name):
    if name not in releases.names():
        return
    config = releases.info(name)
    if "seeds" in config:
        return
    for verdict in releases.verdicts(config):
        target = verdict.target
        if target.than or target.times_reference or target.metric in UNMEASURED:
            continue
        values = [
            f["value"]
            for f in config["figures"]
            if f["name"] in target.names and target.setting in f["setting"]
        ]
        if target.comparison == "<=":
            assert verdict.met == all(value <= target.value for value in values)
        else:
            assert verdict.met == all(value >= target.value for value in values)


def metric(name: str, value: float, setting: str = "so measured") -> dict[str, Any]:
    return {"name": name, "value": value, "low": value, "high": value, "setting": setting}


def config(*figures: dict[str, Any], **seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the seed 0; others are called s1, s2, ..."""
    made: dict[str, Any] = {"figures": [*figures], "hyperparameters": {"seed": 0}}
    if seeds:
        others = {seed.removeprefix("s"): each for seed, each in seeds.items()}
        made["seeds"] = {"0": [*figures], **others}
    return made


def judge(target: Target, of: dict[str, Any], **others: dict[str, Any]):
    return judged(target, of, others.get)


@pytest.mark.parametrize(
    ("comparison", "value", "met"),
    [("<=", 2.0, True), ("<=", 1.9999, False), (">=", 2.0, True), (">=", 2.0001, False)],
)
def test_a_bound_may_be_reached(comparison, value, met):
    verdict = judge(Target("fid", comparison, value), config(metric("fid", 2.0)))
    assert verdict.met is met
    assert (verdict.measured, verdict.bound) == (2.0, value)
    assert verdict.state == ("met" if met else "missed")


def test_what_was_not_measured_is_neither_met_nor_missed():
    verdict = judge(Target("nll", "<=", 80.0), config(metric("fid", 2.0)))
    assert (verdict.met, verdict.measured) == (None, None)
    assert str(verdict) == "NLL <= 80: not measured"


def test_a_target_may_be_a_multiple_of_the_reference():
    figures = metric("fid", 0.5), metric("fid_train_reference", 0.2)
    target = Target("fid", "<=", times_reference=3)
    verdict = judge(target, config(*figures))
    assert verdict.bound == pytest.approx(0.6)
    assert str(verdict) == "FID <= 3 x reference (0.600): met (0.500)"
    assert judge(Target("fid", "<=", times_reference=2), config(*figures)).met is False
    assert judge(target, config(metric("fid", 0.5))).met is None


def test_a_target_may_be_another_release():
    target, own = Target("nll", "<=", 0.5, than="other"), config(metric("nll", 81.0))
    verdict = judge(target, own, other=config(metric("nll", 80.5)))
    assert verdict.met is True
    assert str(verdict) == "NLL <= that of other + 0.5 (81.00): met (81.00)"
    assert judge(target, own, other=config(metric("nll", 80.4))).met is False
    assert str(judge(target, own)) == "NLL <= that of other + 0.5: open (81.00)"
    elsewhere = config(metric("nll", 80.5, "on fewer images"))
    assert judge(target, own, other=elsewhere).met is None
    assert judge(target, own, other=config(metric("fid", 1.0))).met is None


def test_of_several_metrics_the_worst_counts():
    target = Target("kept", ">=", 99.0, each=("hat", "skin"), unit="%", called="each kept")
    both = config(metric("kept_hat", 99.5), metric("kept_skin", 98.0), metric("kept", 100.0))
    verdict = judge(target, both)
    assert (verdict.met, verdict.metric) == (False, "kept_skin")
    assert str(verdict) == "each kept >= 99 %: missed (98.00, skin)"
    assert judge(target, config(metric("kept_hat", 99.5))).met is None
    below = Target("kept", "<=", 99.0, each=("hat", "skin"))
    assert judge(below, both).metric == "kept_hat"
    alone = target.of(metric("kept_skin", 98.0))
    assert str(judge(alone, both)) == "kept skin >= 99 %: missed (98.00)"
    assert target.of(metric("kept", 98.0)) is None


SEEDS = {"s1": [metric("fid", 5.0)], "s2": [metric("fid", 1.0)]}


def test_over_seeds_the_median_counts_or_the_worst():
    three = config(metric("fid", 2.0), **SEEDS)
    median = judge(Target("fid", "<=", 2.5), three)
    assert (median.met, median.measured, median.n_seeds) == (True, 2.0, 3)
    assert str(median) == "FID <= 2.5: met (2.00, median of 3 seeds)"
    worst = judge(Target("fid", "<=", 2.5, seeds="worst"), three)
    assert (worst.met, worst.measured) == (False, 5.0)
    assert str(worst) == "FID <= 2.5 by every seed: missed (5.00, worst of 3 seeds)"
    assert judge(Target("fid", ">=", 1.5, seeds="worst"), three).measured == 1.0
    best = config(metric("fid", 1.0), s1=[metric("fid", 5.0)], s2=[metric("fid", 4.0)])
    assert judge(Target("fid", "<=", 2.5), best).met is False


def test_too_few_seeds_can_miss_and_cannot_meet():
    target = Target("fid", "<=", 2.5, n_seeds=3)
    alone = judge(target, config(metric("fid", 2.0)))
    assert alone.met is None
    assert str(alone) == "FID <= 2.5, median of 3 seeds: open (2.00, 1 seed)"
    assert judge(target, config(metric("fid", 3.0))).met is False
    two = judge(target, config(metric("fid", 2.0), s1=[metric("fid", 4.0)]))
    assert str(two) == "FID <= 2.5, median of 3 seeds: missed (3.00, median of 2 seeds)"
    otherwise = [metric("fid", 1.0, "on fewer images")]
    three = config(metric("fid", 2.0), s1=[metric("fid", 2.0)], s2=otherwise)
    assert judge(target, three).n_seeds == 2


def test_a_target_may_be_for_one_setting():
    figures = metric("error", 9.0, "binary"), metric("error", 0.5, "8-bit gray, 60 images")
    for order in (figures, figures[::-1]):
        target = Target("error", "<=", 0.6, setting="8-bit gray")
        assert judge(target, config(*order)).met is True
    assert target.of(figures[0]) is None
    assert target.of(figures[1]) == target


def test_numbers_that_differ_look_different():
    verdict = judge(Target("nll", "<=", 83.5, times_reference=0), config(metric("nll", 83.5001)))
    assert str(verdict) == "NLL <= 83.5: missed (83.5001)"


@pytest.mark.usefixtures("_real_releases")
def test_info_says_what_is_met_and_what_is_missed(capsys):
    assert main(["info", "transformer-mnist"]) == 0
    shown = capsys.readouterr().out
    nll = next(f for f in releases.info("transformer-mnist")["figures"] if f["name"] == "nll")
    state = "met" if nll["value"] <= 78.5 else "missed"
    assert f"target: NLL <= 78.5: {state} ({nll['value']:.2f})" in shown
    assert main(["info", "transformer-mnist", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["targets"]
    assert [t["target"]["value"] for t in told] == [78.5, 78.0]
    assert [t["met"] for t in told] == [nll["value"] <= 78.5, nll["value"] <= 78.0]


def test_info_says_the_targets_of_what_is_not_released(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    assert main(["info", "nade-mnist"]) == 0
    assert "target: NLL <= 83.5: not measured" in capsys.readouterr().out


@pytest.mark.usefixtures("_real_releases")
def test_the_card_says_it_beside_the_figure_and_what_has_none_below():
    page = releases.card(releases.info("judge-fashion"))
    [gray] = [line for line in page.splitlines() if re.match(r"\| error .*8-bit gray", line)]
    [binary] = [line for line in page.splitlines() if re.match(r"\| error .*binarization", line)]
    assert re.search(r"error, gray <= 8 %: (met|missed) \(", gray)
    assert "<= 8" not in binary
    below = releases.card(releases.info("fvbn-mnist")).split("\n\n")
    assert "Other targets: NLL above optimum <= 0.1: not measured." in below


def test_report_writes_the_cards_anew(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "judge-fashion"
    folder.mkdir()
    source = ROOT / "checkpoints" / "judge-fashion" / releases.CONFIG
    (folder / releases.CONFIG).write_bytes(source.read_bytes())
    (folder / releases.CARD).write_text("stale")
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    assert main(["report", "--cards"]) == 0
    assert capsys.readouterr().out == ""
    assert (folder / releases.CARD).read_text() == releases.card(releases.info("judge-fashion"))
    assert (folder / releases.CONFIG).read_bytes() == source.read_bytes()
