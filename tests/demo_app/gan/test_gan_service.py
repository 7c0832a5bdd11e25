"""The GAN service: a game is a function of what is asked of it, and ends as it says."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch

import genzoo
from demo_app import text
from demo_app.errors import BadInput, Unavailable
from demo_app.services import gan
from demo_app.services.gan import DEFAULTS, GANService
from demo_app.services.session import BLUR, CELLS, N_SHOWN, VERDICTS, GameSession, Rules
from demo_app.services.transport import earth_movers_distance
from demo_app.store import Store
from genzoo.data.plane import MIXTURES, Mixture
from tests.demo_app.gan.conftest import SEEN, pictures

WILD = {"penalty": "none", "weight": 0, "lr": 0.01, "lr_critic": 0.0003}


class Clock:
    """Time that flies: no player ever waits."""

    now = 0.0

    def __call__(self):
        self.now += 100.0
        return self.now


@pytest.fixture
def service(folder, monkeypatch):
    monkeypatch.setattr(gan, "IDLE", math.inf)
    return GANService(Store(), Clock())


def script(service, *asked, **begun):
    """The last answer to what is asked of a new game."""
    name = service.begin(**begun)["game"]
    answers = [service.play(name, **one) for one in asked]
    assert not any(answer["ended"] for answer in answers)
    return answers[-1]


def equal(a, b):
    return all(np.array_equal(a[key], b[key]) for key in ("points", "field", "value", "moves"))


STEPS = [
    {"n": 6},
    {"who": "critic", "n": 2},
    {"n": 3, "rules": WILD},
    {"who": "generator", "n": 1},
    {"who": "critic", "n": 2, "hand": [0.2, 0.3]},
    {"n": 4, "aim": ["moons", None], "rules": {"loss": "wasserstein", "penalty": "wgan-gp"}},
    {"n": 2},
]


def test_a_game_is_a_function_of_its_seed_and_of_what_is_asked(service):
    first = script(service, *STEPS, seed=5)
    torch.manual_seed(1)
    script(service, {"n": 6}, seed=9)  # another's game in between
    looked = [one for step in STEPS for one in ({"show": ["measure", "pull", "mesh"]}, step)]
    assert equal(script(service, *looked, seed=5), first)
    assert not equal(script(service, *STEPS, seed=6), first)
    # The rules of one step are those of the next, too; what is not said changes nothing.
    assert not equal(script(service, *STEPS[:2], *STEPS[3:], seed=5), first)


@pytest.mark.parametrize("networks", [None, {"n_layers": 1, "n_hidden": 16, "n_latent": 8}])
def test_the_game_beside_it_is_the_one_that_is_asked_the_same_with_another_penalty(
    service, networks
):
    begun = {"seed": 5, "networks": networks}
    shown = {"show": ["measure"]}
    both = script(service, *STEPS, shown, beside=["none", 0], rules=None, **begun)
    alone = script(service, *STEPS, shown, **begun)
    assert equal(both | {"moves": []}, alone | {"moves": []})  # the first does not know of it

    def without(step):
        rules = {**asdict(DEFAULTS), **(step.get("rules") or {}), "penalty": "none", "weight": 0}
        return {**step, "rules": rules} if "rules" in step else step

    second = script(
        service, *map(without, STEPS), shown, rules=without({"rules": {}})["rules"], **begun
    )
    assert equal(both["beside"], second)
    assert not equal(both["beside"], both)
    for key in ("verdict", "covered", "gradients"):
        assert both["beside"][key] == second[key]


def test_a_second_game_that_diverges_is_over_and_the_first_goes_on(service):
    name = service.begin(beside=["none", 0])["game"]
    service._games.get(name).beside.game.critic.parameters.mul_(math.inf)
    assert service.play(name, n=1)["beside"] is None
    later = service.play(name, n=1)
    assert later["n_steps"] == {"critic": 1, "generator": 1}
    assert later.get("beside") is None


def test_networks_are_as_large_as_is_asked_and_z_has_as_many_dimensions(service):
    for sizes in ((1, 4, 1), (3, 128, 16), (2, 64, 2)):
        networks = dict(zip(("n_layers", "n_hidden", "n_latent"), sizes, strict=True))
        name = service.begin(networks=networks)["game"]
        answer = service.play(name, n=2, show=["measure", "pull", "mesh"])
        game = service._games.get(name).session.game
        weights = [tuple(W.shape) for W, _ in game.generator.layers]
        n_layers, n_hidden, n_latent = sizes
        assert weights[0] == (n_hidden, n_latent)
        assert len(weights) == n_layers + 1
        for who in ("critic", "generator"):
            assert len(answer["gradients"][who]["layers"]) == n_layers + 1
        assert np.isfinite(answer["mesh"]).all()
        assert np.ptp(answer["points"], 0).min() > 0
    assert equal(script(service, *STEPS[:2], networks=networks), script(service, *STEPS[:2]))


def test_a_game_of_other_networks_or_with_one_beside_it_is_no_exhibit(service, monkeypatch):
    monkeypatch.setattr(gan, "EXHIBIT", 6)
    for asked in ({"networks": {"n_hidden": 16}}, {"beside": ["none", 0]}):
        service.play(service.begin(**asked)["game"], n=6)
        assert service.begin(exhibit=True)["n_steps"]["critic"] == 0
    service.play(service.begin()["game"], n=6)
    assert service.begin(exhibit=True)["n_steps"]["critic"] == 3
    assert service.begin(exhibit=True, beside=["none", 0])["n_steps"]["critic"] == 0


def test_steps_are_the_same_however_many_are_asked_at_once(service):
    rules = {"n_critic": 3}
    one = script(service, *[{"n": 1}] * 11, rules=rules)
    assert equal(script(service, {"n": 6}, {"n": 3}, {"n": 2}, rules=rules), one) is False
    # But for the moves that were told, which are of the last call alone.
    many = script(service, {"n": 6}, {"n": 4}, {"n": 1}, rules=rules)
    assert equal(many, one)
    assert many["n_steps"] == {"critic": 9, "generator": 2}


def test_d_climbs_and_g_descends_the_value(service):
    name = service.begin()["game"]
    gains = {"critic": [], "generator": []}
    for _ in range(12):
        for who in gains:
            for _ in range(3):
                (move,) = service.play(name, who, 1)["moves"]
                assert move["who"] == who
                gains[who].append(move["after"] - move["before"])
    assert np.mean(np.array(gains["critic"]) > 0) > 0.8
    assert np.mean(np.array(gains["generator"]) < 0) > 0.8


def test_only_the_one_who_steps_moves(service):
    name = service.begin()["game"]
    before = service.play(name)
    critic = service.play(name, "critic", 1)
    np.testing.assert_array_equal(critic["points"], before["points"])
    assert not np.array_equal(critic["field"], before["field"])
    generator = service.play(name, "generator", 1)
    np.testing.assert_array_equal(generator["field"], critic["field"])
    assert not np.array_equal(generator["points"], critic["points"])
    assert generator["points"].shape == (N_SHOWN, 2)


def test_a_hand_takes_the_generators_place(service):
    name = service.begin()["game"]
    before = service.play(name, hand=[0.3, 0.8])
    assert np.abs(before["points"].mean(0) - [0.3, 0.8]).max() < 0.01
    for _ in range(20):
        after = service.play(name, "both", 2, hand=[0.3, 0.8])
    assert after["n_steps"] == {"critic": 40, "generator": 0}
    row, column = int(0.8 * CELLS), int(0.3 * CELLS)
    assert after["field"][row, column] < before["field"][row, column] - 0.5
    assert after["value"] > before["value"]


def test_the_best_critic_and_the_divergence_are_of_the_densities(service):
    """A spot as the target and a hand on it, then far from it: what is known in closed form."""
    name = service.begin("one")["game"]
    near, far = (
        service.play(name, hand=at, show=["measure"]) for at in ([0.68, 0.62], [0.05, 0.05])
    )
    assert far["divergence"] == pytest.approx(math.log(2), abs=0.01)
    assert far["best_value"] == pytest.approx(0, abs=0.02)
    assert near["divergence"] < 0.2
    assert near["best_value"] == pytest.approx(2 * near["divergence"] - math.log(4), abs=1e-6)
    p = Mixture(torch.tensor([[0.68, 0.62]]), 0.06).on_grid(CELLS, BLUR)
    q = Mixture(torch.tensor([[0.68, 0.62]]), 0.035).on_grid(CELLS, BLUR)
    much = (p + q) > 0.2 * (p + q).max()
    np.testing.assert_allclose(near["best"][much], (p / (p + q))[much], atol=0.08)
    assert (near["covered"], near["n_parts"]) == (1, 1)
    assert near["good"] > 0.98
    assert (far["covered"], far["good"]) == (0, 0)


def test_the_mesh_is_the_generators_map_and_the_pull_goes_down_its_loss(service):
    name = service.begin(seed=3)["game"]
    answer = service.play(name, n=4, show=["mesh", "pull"])
    assert answer["mesh"].shape == (26, 41, 2)
    # The lines of one direction cross those of the other in the same places.
    np.testing.assert_allclose(answer["mesh"][6, 20], answer["mesh"][19, 20], atol=1e-6)
    session = GameSession(MIXTURES["ring"](), service.defaults, 3)
    session.play("both", 4)
    points = session.points(120)
    np.testing.assert_allclose(answer["pull"], -session.game.generator_gradient(points), atol=1e-6)


def test_what_is_told_is_how_the_game_stands_now(service):
    """However it came there, and whatever was told before."""
    session = GameSession(MIXTURES["ring"](), service.defaults, 3)
    here, there = torch.tensor([0.2, 0.3]), torch.tensor([0.7, 0.6])
    acts = [
        lambda: session.look(),
        lambda: session.play("both", 5),
        lambda: session.play("critic", 1, here),
        lambda: session.step("generator"),
        lambda: session.aim(MIXTURES["moons"]()),
        lambda: session.follow(Rules("wasserstein", "wgan-gp", 0.1)),
    ]
    for act in acts:
        act()
        for hand in (None, here, there, None):
            value = session.value(hand)  # sooner than by a look, where there is one already
            told = session.look(hand)
            points = session.points(N_SHOWN, hand)
            np.testing.assert_array_equal(told["points"], points)
            expected = session.game.value(session.real, points[: len(session.real)])
            assert (told["value"], told["generator"]) == pytest.approx(expected, abs=1e-5)
            assert value == pytest.approx(expected[0], abs=1e-5)
            logit = session.game.logits(torch.tensor([[12.5 / CELLS, 30.5 / CELLS]]))
            assert told["field"][30, 12] == pytest.approx(logit.item(), abs=1e-4)


COLLAPSE = Rules("non-saturating", "r1", 0.3, 0.002, 0.004, 1)
CURE_W = Rules("wasserstein", "wgan-gp", 0.1, 0.002, 0.004, 3)


def played(rules, *acts, seed=0, target="ring"):
    """A game after `acts`, pairs of who and how many steps, and what is measured of it."""
    session = GameSession(MIXTURES[target](), rules, seed)
    for who, n in acts:
        for _ in range(n):
            session.step(who)
    return session, session.measure()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_collapse_comes_to_rest_in_one_place_on_a_real_mode(seed):
    """What the page's button does: 600 steps in all."""
    session, told = played(COLLAPSE, ("critic", 300), ("generator", 300), seed=seed)
    assert told["verdict"] == "collapsed"
    assert told["covered"] == 1
    assert told["together"] >= 0.98
    points = session.points(400)
    assert points.std(0).max() < 0.06  # of points all over the square it is 0.29
    nearest = (session.target.centers - points.mean(0)).norm(dim=1).min()
    assert nearest < 3 * session.target.deviation


@pytest.mark.parametrize("cure", ["turns", "wasserstein"])
def test_the_cures_bring_the_points_apart(cure):
    session, _ = played(COLLAPSE, ("critic", 300), ("generator", 300))
    session.follow(DEFAULTS if cure == "turns" else CURE_W)
    session.play("both", 1500)
    told = session.measure()
    assert told["covered"] >= 6
    assert told["together"] < 0.3


SLOW_G = {"penalty": "none", "weight": 0, "lr": 0.0001, "lr_critic": 0.01, "n_critic": 5}
FREE = {"loss": "wasserstein", "penalty": "none", "weight": 0, "n_critic": 3}
ENDS = {
    "start": ({}, [("both", 60)]),
    "unconverged": ({}, [("both", 400)]),
    "balanced": ({}, [("both", 1200)]),
    "vanishing": ({**SLOW_G, "loss": "minimax"}, [("critic", 300), ("both", 12)]),
    "saturated": (SLOW_G, [("critic", 300), ("both", 12)]),
    "diverging": (FREE, [("both", 120)]),
}


@pytest.mark.parametrize("verdict", ENDS)
def test_each_verdict_has_a_game_that_ends_in_it(verdict):
    rules, acts = ENDS[verdict]
    told = played(Rules(**{**asdict(DEFAULTS), **rules}), *acts, seed=4 if "lr" in rules else 0)[1]
    assert told["verdict"] == verdict


def test_logits_that_grow_without_bound_are_called_diverging():
    rules = Rules("non-saturating", "none", 0, 0.002, 0.01, 1)
    _, told = played(rules, ("critic", 300), ("generator", 300))
    assert told["d_fake"] > 0.9  # D is wrong out there, and sure
    assert told["steepness"] > 10
    assert told["verdict"] == "diverging"


def test_points_all_over_the_square_are_no_collapse_and_one_off_the_target_is():
    """Low coverage alone is not collapse: both cover none of the eight parts."""
    session = GameSession(MIXTURES["ring"](), DEFAULTS, 0)
    session.n_steps["critic"] = 600
    away = torch.tensor([0.5, 0.5])
    spread = torch.rand(1200, 2, generator=torch.Generator().manual_seed(0))
    spread = spread[(spread[:, None] - session.target.centers).norm(dim=2).min(1).values > 0.1]
    for points, verdict in ((spread, "unconverged"), (away + 0.01 * spread, "collapsed")):
        session.points = lambda n, hand=None, points=points: points[:n]
        told = session.measure()
        assert (told["covered"], told["verdict"]) == (0, verdict)


def test_verdicts_are_written_in_both_languages():
    for language in ("en", "ko"):
        words = text.labels(language)
        said = {words[f"gan.verdict_{verdict}"] for verdict in VERDICTS}
        assert len(said) == len(VERDICTS)


def test_a_wasserstein_game_tells_the_true_distance_and_how_steep_f_is():
    session, free = played(Rules(**{**asdict(DEFAULTS), **FREE}), ("both", 120))
    exact = earth_movers_distance(session.real[:100], session.points(100))
    assert free["distance"] == pytest.approx(exact)
    assert free["steepness"] > 10
    # What f says without a bound on its slope is no distance in a square.
    assert abs(session.value()) > math.sqrt(2) > free["distance"] > free["distance_data"] > 0
    held, told = played(CURE_W, ("both", 600))
    assert told["steepness"] < 3
    assert abs(held.value()) < 0.3
    assert (told["d_real"], told["d_fake"]) == (None, None)
    assert played(DEFAULTS, ("both", 1))[1]["distance"] is None


def test_the_slope_of_the_critic_is_that_of_finite_differences():
    game, step = played(DEFAULTS, ("both", 20))[0].game, 1e-3
    x = torch.rand(20, 2, generator=torch.Generator().manual_seed(1))
    logits, slopes = game.logits_and_slopes(x)
    torch.testing.assert_close(logits, game.logits(x))
    by = [(game.logits(x + s) - game.logits(x - s)) / (2 * step) for s in step * torch.eye(2)]
    # But where a leaky ReLU bends in between.
    assert (slopes / torch.stack(by).norm(dim=0) - 1).abs().quantile(0.8) < 0.02


def test_a_drawing_is_what_is_played_for(service):
    cell = [float(i == 28 * 5 + 20) for i in range(784)]  # row 5 from the top, column 20
    begun = service.begin("drawn", cell)
    np.testing.assert_allclose(begun["real"].mean(0), [20.5 / 28, 1 - 5.5 / 28], atol=0.01)
    np.testing.assert_allclose(begun["real"].std(0), [0.5 / 28] * 2, rtol=0.2)
    answer = service.play(begun["game"], aim=["ring", None])
    np.testing.assert_allclose(answer["real"], GameSession(MIXTURES["ring"](), Rules(), 0).real)
    assert "real" not in service.play(begun["game"])


def test_the_exhibit_is_played_once_and_shown_to_all_later(service, monkeypatch):
    monkeypatch.setattr(gan, "EXHIBIT", 18)
    begun = service.begin(exhibit=True)
    assert begun["n_steps"] == {"critic": 0, "generator": 0}
    assert begun["history"] == []
    for _ in range(3):
        last = service.play(begun["game"], n=6)
    later = service.begin(exhibit=True)
    assert later["n_steps"] == {"critic": 9, "generator": 9}
    assert [one["value"] for one in later["history"]][-1] == last["value"]
    assert len(later["history"]) == 3
    seen = service.play(later["game"])
    np.testing.assert_array_equal(seen["points"], last["points"])
    # Each goes on by itself, and alike.
    onward = service.play(later["game"], n=5)
    assert equal(service.play(begun["game"], n=5), onward)
    assert equal(service.play(service.begin(exhibit=True)["game"], n=5), onward)
    assert service.begin(seed=1, exhibit=True)["n_steps"]["critic"] == 0
    assert service.begin()["n_steps"]["critic"] == 0


def test_another_game_is_no_exhibit(service, monkeypatch):
    monkeypatch.setattr(gan, "EXHIBIT", 6)
    for asked in ({"rules": WILD}, {"aim": ["one", None]}, {"who": "critic"}, {"hand": [0, 0]}):
        name = service.begin()["game"]
        service.play(name, **{"n": 2, **asked})
        service.play(name, n=4)
    assert service.begin(exhibit=True)["n_steps"]["critic"] == 0


def test_a_game_ends_after_so_many_steps(service, monkeypatch):
    monkeypatch.setattr(gan, "MAX_STEPS", 10)
    name = service.begin()["game"]
    assert service.play(name, n=6)["ended"] is None
    assert service.play(name, n=5) == {"ended": "steps"}
    assert service.play(name, n=4)["ended"] is None
    assert service.play(name)["ended"] is None  # it can still be looked at


def test_too_many_games_make_room(folder, monkeypatch):
    monkeypatch.setattr(gan, "MAX_GAMES", 2)
    service = GANService(Store())
    names = [service.begin()["game"] for _ in range(3)]
    assert service.play(names[0]) == {"ended": "gone"}
    assert service.play(names[2])["ended"] is None
    assert service.play("no such name") == {"ended": "gone"}
    assert service.play(None) == {"ended": "gone"}


def test_a_game_that_runs_away_says_so(service):
    name = service.begin(rules={"loss": "wasserstein", "penalty": "none"})["game"]
    session = service._games.get(name).session
    session.game.critic.parameters.mul_(math.inf)
    assert service.play(name, n=1) == {"ended": "diverged"}


def test_who_is_over_pace_is_told_to_wait_and_nothing_is_done(folder):
    service = GANService(Store(), lambda: 0.0)
    name = service.begin()["game"]
    done = 0
    while True:
        answer = service.play(name, n=6)
        if answer["wait"] > 0:
            break
        done += 6
    assert answer == {"ended": None, "wait": answer["wait"], "n_active": 1}
    assert 0 < done <= 60
    service._pace._clock = lambda: 100.0
    assert sum(service.play(name)["n_steps"].values()) == done


def test_a_whole_game_is_the_game_of_its_steps(service):
    whole = service.game("one", n=20, seed=2, rules={"n_critic": 2})
    name = service.begin("one", seed=2, rules={"n_critic": 2})["game"]
    for n in (6, 6, 6, 2):
        answer = service.play(name, n=n, show=["measure"])
    np.testing.assert_array_equal(whole["points"], answer["points"])
    assert whole["values"].shape == (4, 2)
    assert whole["values"][-1].tolist() == [20, answer["value"]]
    assert whole["divergence"] == answer["divergence"]
    assert service.game(n=0)["n_steps"] == {"critic": 0, "generator": 0}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s, g: s.begin("star"), "target must be one of ring, grid, moons, spirals, one"),
        (lambda s, g: s.begin("drawn"), "drawing must be a list of numbers"),
        (lambda s, g: s.begin("drawn", [0] * 784), "Nothing is drawn yet"),
        (lambda s, g: s.begin("drawn", [0.5] * 784), "0 or 1; 0.5 is neither"),
        (lambda s, g: s.begin(seed=-1), "seed must lie between 0"),
        (lambda s, g: s.begin(rules={"lr": math.nan}), "generator's learning rate must be a num"),
        (lambda s, g: s.begin(rules={"lr_critic": 1}), "critic's learning rate must lie between"),
        (lambda s, g: s.begin(rules={"loss": "hinge"}), "loss must be one of non-saturating"),
        (lambda s, g: s.begin(rules={"penalty": 1}), "penalty must be one of none, r1"),
        (lambda s, g: s.begin(rules={"weight": -1}), "weight must lie between 0 and 10"),
        (lambda s, g: s.begin(rules={"n_critic": 0}), "steps a round must lie between 1 and 10"),
        (lambda s, g: s.begin(rules={"speed": 0}), "must be named values of: loss, penalty"),
        (lambda s, g: s.begin(rules=[]), "must be named values of"),
        (lambda s, g: s.begin(networks=[2]), "networks must be named values of: n_layers"),
        (lambda s, g: s.begin(networks={"n_units": 2}), "networks must be named values of"),
        (lambda s, g: s.begin(networks={"n_layers": 4}), "hidden layers must lie between 1 and 3"),
        (lambda s, g: s.begin(networks={"n_hidden": 1e6}), "units must lie between 4 and 128"),
        (lambda s, g: s.begin(networks={"n_latent": 0}), "z must lie between 1 and 16"),
        (lambda s, g: s.begin(beside="r1"), "game beside it must be a list of 2"),
        (lambda s, g: s.begin(beside=["r2", 1]), "penalty must be one of none, r1"),
        (lambda s, g: s.begin(beside=["r1", math.nan]), "penalty's weight must be a number"),
        (lambda s, g: s.play(g, "both", 7), "steps must lie between 0 and 6"),
        (lambda s, g: s.play(g, "judge", 1), "Who moves must be one of both, critic"),
        (lambda s, g: s.play(g, hand=[0.5]), "hand must be 2 numbers; 1"),
        (lambda s, g: s.play(g, hand=[0.5, 1.5]), "between 0 and 1; 1.5"),
        (lambda s, g: s.play(g, aim=["ring"]), "aim must be a list of 2"),
        (lambda s, g: s.play(g, aim=["drawn", [0] * 784]), "Nothing is drawn yet"),
        (lambda s, g: s.play(g, show=["all"]), "What to show must be one of measure"),
        (lambda s, g: s.play(g, show="mesh"), "What to show must be a list"),
        (lambda s, g: s.game(n=2001), "steps must lie between 0 and 2000"),
        (lambda s, g: s.samples(65), "images must lie between 1 and 64"),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_changes_nothing(service, call, sentence):
    name = service.begin()["game"]
    with pytest.raises(BadInput) as error:
        call(service, name)
    assert sentence in str(error.value)
    assert service.play(name)["n_steps"] == {"critic": 0, "generator": 0}


def test_digits_are_what_the_release_keeps(service):
    assert service.missing() is None
    assert service.about()["images_seen"] == SEEN
    assert service.about()["figures"]["fid"] == 7.25
    training = service.training()
    assert training.shape == (4, 36, 784)
    for k in range(4):
        np.testing.assert_array_equal(training[k], pictures(k).flatten(1))


def test_samples_are_the_releases_own(service):
    answer = service.samples(5, seed=7)
    with torch.inference_mode():
        expected = genzoo.load("gan-mnist").generate(torch.from_numpy(answer["z"]))
    np.testing.assert_allclose(answer["images"], expected.flatten(1), atol=1e-6)
    np.testing.assert_array_equal(answer["z"], service.samples(5, seed=7)["z"])
    assert not np.array_equal(answer["z"], service.samples(5, seed=8)["z"])


def test_missing_release_names_its_command(service, folder):
    (folder / "gan-mnist" / "snapshots.safetensors").unlink()
    error = service.missing()
    assert isinstance(error, Unavailable)
    assert error.command == "python -m genzoo train gan-mnist"
    assert "keeps nothing" in str(error)
    for path in (folder / "gan-mnist").iterdir():
        path.unlink()
    assert "does not exist" in str(GANService(Store()).missing())
