from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo import cli, recipes, releases
from genzoo.data import Batch, words
from genzoo.data.avatars import faces
from genzoo.data.batches import seeded
from genzoo.models import VQVAE, CodeLikelihood, CodeTransformer
from genzoo.objectives import Progress, Update

SIZES = dict(event_shape=(3, 16, 24), levels=(3, 3, 3), codec_width=4, codec_blocks=1)
TEXTS = ["long red hair, no hat", "", "모자, 안경", "a hat and a beard"]


def transformer(seed: int = 0, **sizes) -> CodeTransformer:
    torch.manual_seed(seed)
    model = CodeTransformer(**SIZES | dict(width=16, n_layers=2, n_heads=2) | sizes)
    with torch.no_grad():  # what is said should matter from the start
        for embedding in (model.words, model.seen):
            embedding.weight *= 50
    return model


def tokens(*texts: str) -> Tensor:
    return words.batch(texts or TEXTS)


def random_codes(n: int, seed: int = 0) -> Tensor:
    return torch.randint(27, (n, 2, 3), generator=torch.Generator().manual_seed(seed))


def test_cached_sampling_is_the_full_pass():
    """Code after code by a whole pass over what there is, against the kept keys and values."""
    model = transformer().double()
    u = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    codes = torch.zeros(4, 2, 3, dtype=torch.long)
    for t in range(6):
        logits = model.logits(tokens(), codes)[:, t]
        p = torch.softmax(logits, 1)
        up_to = p.cumsum(1)
        codes.view(4, 6)[:, t] = (up_to < u[:, t : t + 1]).sum(1)
    assert torch.equal(model.sample_codes(tokens(), u), codes)
    assert len(codes.unique()) > 4


def test_guided_codes_heed_the_caption_more():
    """By whole passes with the caption and with none, code after code."""
    model, plain = (transformer(guidance=g).double() for g in (2.0, 1.0))
    with torch.no_grad():  # what is said matters much
        for each in (model, plain):
            each.words.weight *= 20
    u = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    codes, silent = torch.zeros(4, 2, 3, dtype=torch.long), words.batch([""] * 4)
    for t in range(6):
        said, unsaid = (torch.softmax(model.logits(c, codes)[:, t], 1) for c in (tokens(), silent))
        p = unsaid * (said / unsaid) ** 2
        up_to = (p / p.sum(1, keepdim=True)).cumsum(1)
        codes.view(4, 6)[:, t] = (up_to < u[:, t : t + 1]).sum(1)
    assert torch.equal(model.sample_codes(tokens(), u), codes)
    unguided = plain.sample_codes(tokens(), u)
    assert not torch.equal(unguided, codes)
    # Where nothing is said there is nothing to heed.
    assert torch.equal(unguided[1], codes[1])


def test_guidance_goes_past_the_caption_by_hand():
    model = transformer(guidance=2.5)
    said, unsaid = torch.tensor([[1.0, 0.0, 3.0]]), torch.tensor([[0.0, 0.5, 2.0]])
    p, q = said.softmax(1), unsaid.softmax(1)
    expected = q * (p / q) ** 2.5
    made = model.guided(said, unsaid).softmax(1)
    torch.testing.assert_close(made, expected / expected.sum())


def test_the_cached_pass_has_the_logits_of_the_full_one(monkeypatch):
    model = transformer().double()
    u = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    seen = []

    def pick(logits: Tensor, u: Tensor) -> Tensor:
        seen.append(logits)
        return CodeTransformer.pick(logits, u)

    monkeypatch.setattr(model, "pick", pick)
    codes = model.sample_codes(tokens(), u)
    torch.testing.assert_close(
        torch.stack(seen, dim=1), model.logits(tokens(), codes), rtol=1e-10, atol=1e-10
    )


def test_a_code_depends_on_the_caption_and_on_what_came_before_alone():
    model = transformer().double()
    codes = random_codes(1)
    here = model.logits(tokens("long red hair"), codes)
    assert here.shape == (1, 6, 27)
    for t in range(6):
        other = codes.clone()
        other.view(1, 6)[0, t] = (other.view(1, 6)[0, t] + 1) % 27
        changed = (model.logits(tokens("long red hair"), other) - here).abs().amax(2)[0]
        assert changed[: t + 1].max() == 0
        assert changed[t + 1 :].numel() == 0 or changed[t + 1 :].min() > 1e-6
    said = (model.logits(tokens("long black hair"), codes) - here).abs().amax(2)[0]
    assert said.min() > 1e-6


def test_codes_follow_their_distribution(statistics):
    model = transformer()
    p = torch.softmax(torch.randn(1, 27, generator=torch.Generator().manual_seed(0)), 1)
    n = 20_000
    u = torch.rand(n, generator=torch.Generator().manual_seed(1))
    counts = model.pick(p.log().expand(n, -1), u).bincount(minlength=27)
    assert abs(statistics.chi_square_z(counts, p[0].double())) < 4
    assert model.pick(p.log(), torch.tensor([0.0])).item() == 0
    assert model.pick(p.log(), torch.tensor([1 - 1e-7])).item() == 26


def test_images_are_of_sampled_codes_and_a_seed_means_the_same_image():
    model = transformer().double()
    x = model.generate(tokens(), generator=seeded(3))
    assert x.shape == (4, 3, 16, 24)
    assert 0 <= x.min() < x.max() <= 1
    u = torch.rand(4, 6, generator=seeded(3))
    assert torch.equal(x, model.decode(model.sample_codes(tokens(), u)))
    assert torch.equal(model.draw_codes(tokens(), seeded(3)), model.sample_codes(tokens(), u))
    assert torch.equal(u, model.draw_z(4, seeded(3)))
    alone = [model.images_from(tokens(text), u[i : i + 1]) for i, text in enumerate(TEXTS)]
    torch.testing.assert_close(torch.cat(alone), x, rtol=1e-12, atol=1e-12)
    assert torch.equal(x, model.generate(tokens(), generator=seeded(3)))
    assert not torch.equal(x, model.generate(tokens(), generator=seeded(4)))


def test_attention_is_where_the_code_looked_among_the_words():
    model = transformer().double()
    codes, caption = random_codes(1), tokens("long red hair, no hat")
    maps = model.attention(caption, codes)
    assert maps.shape == (2, 2, 2, 3, words.LENGTH)
    assert maps.min() >= 0
    sums = maps.sum(-1).flatten(2)
    # The first code has seen words only; those after it codes, too.
    torch.testing.assert_close(sums[:, :, 0], torch.ones(2, 2).double())
    assert sums[:, :, 1:].max() < 1
    # The first layer's weights by hand, of the code at row 1, column 0.
    h = torch.cat([model.words(caption) + model.text_place, model.seen(codes.view(1, 6))], 1)
    t = 3
    at = words.LENGTH - 1 + t
    h[:, words.LENGTH - 1 : at + 1] += (model.row + model.column).view(1, 6, -1)[:, : t + 1]
    q, k, _ = model.blocks[0].project(h[:, : at + 1])
    weights = torch.softmax((q[:, :, -1:] @ k.mT)[0, :, 0] / 8**0.5, -1)
    torch.testing.assert_close(maps[0, :, 1, 0], weights[:, : words.LENGTH])
    with pytest.raises(ValueError, match="one caption at a time, not of 4"):
        model.attention(tokens(), random_codes(4))


class Noted(Update):
    """The costs, in place of the steps."""

    def __init__(self):
        self.costs: dict[str, float] = {}

    def __call__(self, player: str, cost: Tensor) -> None:
        self.costs[player] = cost.item()


def batch(n: int, seed: int = 0) -> Batch:
    x = torch.rand(n, 3, 16, 24, generator=torch.Generator().manual_seed(seed))
    return Batch(x, torch.tensor(faces("test")[:n]))


def test_the_loss_is_the_mean_surprise_at_the_codes_of_the_image(few_faces):
    model = transformer().double()
    with torch.no_grad():  # so that images differ in their codes
        model.codec.encoder[-1].weight *= 8
    objective = CodeLikelihood(model, lr=1e-3, unsaid=0.5, corruption=0.4)
    few, note = batch(5), Noted()
    few = Batch(few.x.double(), few.label)
    objective.step(few, note, Progress(5, 15, 48, seed=0))
    at = Progress(5, 15, 48, seed=0)
    captions = words.sample_captions(few.label, at.rand(5, words.N_NOISE))
    silent = (at.rand(5, 1) < 0.5)[:, 0].tolist()
    assert 0 < sum(silent) < 5
    captions[silent] = words.batch([""])
    codes = model.codec.quantizer.index(model.codec.encode(few.x))
    read = objective.corrupted(codes, at.rand(5, 7))
    assert not torch.equal(read, codes)
    surprise = []
    for i in range(5):
        for t, s in enumerate(codes[i].flatten().tolist()):
            logits = model.logits(captions[i : i + 1], read[i : i + 1])[0, t]
            surprise.append(-(logits[s] - logits.exp().sum().log()).item())
    assert note.costs["model"] == pytest.approx(sum(surprise) / len(surprise), rel=1e-9)

    figures = objective.evaluate(few)
    captions = words.sample_captions(few.label, torch.rand(5, words.N_NOISE, generator=seeded(0)))
    logits = model.logits(captions, codes)
    clean = F.cross_entropy(logits.mT, codes.flatten(1), reduction="none").mean(1)
    torch.testing.assert_close(figures["nll_code"], clean)


def test_some_codes_that_are_read_are_those_of_another_image():
    objective = CodeLikelihood(transformer(), lr=1e-3, corruption=0.25)
    codes = (27 * torch.arange(500) // 500).view(500, 1, 1).expand(500, 2, 3).clone()
    codes[1::2] = (codes[1::2] + 13) % 27  # no two neighbors are alike
    u = torch.rand(500, 7, generator=torch.Generator().manual_seed(0))
    read = objective.corrupted(codes, u)
    other = read != codes
    assert torch.equal(read[other], codes.roll(1, 0)[other])
    assert other.double().mean().item() == pytest.approx(0.25, abs=0.03)
    few, many = u[:, 0] < 0.2, u[:, 0] > 0.8
    assert other[few].double().mean().item() == pytest.approx(0.05, abs=0.03)
    assert other[many].double().mean().item() == pytest.approx(0.45, abs=0.06)
    assert torch.equal(
        CodeLikelihood(transformer(), 1e-3, corruption=0).corrupted(codes, u), codes
    )


@pytest.mark.parametrize("change", [{"unsaid": -0.1}, {"unsaid": 1.1}, {"corruption": 0.6}])
def test_shares_that_are_none_are_refused(change):
    with pytest.raises(ValueError, match="unsaid must be 0 to 1, and corruption 0 to 1/2"):
        CodeLikelihood(transformer(), lr=1e-3, **change)


def test_the_codes_are_those_of_the_vqvae_and_do_not_move(few_faces):
    torch.manual_seed(1)
    vqvae = VQVAE((3, 16, 24), levels=(3, 3, 3), width=4, n_blocks=1)
    with torch.no_grad():
        vqvae.codec.encoder[-1].weight *= 8
    model = transformer()
    few = batch(4)
    assert not torch.equal(model.codes(few.x), vqvae.codes(few.x))
    objective = CodeLikelihood(model, lr=1e-2, tokenizer=vqvae)
    update = Update(objective.optimizers())
    for step in range(3):
        objective.step(few, update, Progress(step, 4 * step, 48, seed=0))
    assert torch.equal(model.codes(few.x), vqvae.codes(few.x))
    codes = random_codes(4)
    assert torch.equal(model.decode(codes), vqvae.decode(codes))
    assert not any(name.startswith("codec.") for name, _ in model.named_parameters())
    assert {k for k in model.state_dict() if k.startswith("codec.")} == set(vqvae.state_dict())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": 15}, "a multiple of its heads"),
        ({"n_layers": 0}, "at least 1"),
        ({"guidance": 0.5}, "guidance must be at least 1"),
        ({"guidance": float("inf")}, "and finite"),
        ({"event_shape": (3, 12, 16)}, "multiples of eight"),
    ],
)
def test_sizes_that_no_transformer_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        transformer(**change)


def test_it_learns_what_a_caption_says():
    """The left half is dark or bright and a caption says so by a word."""
    torch.manual_seed(0)
    model = CodeTransformer(**SIZES | dict(width=32, n_layers=1, n_heads=2))
    update = Update(CodeLikelihood(model, lr=3e-3).optimizers())
    generator = torch.Generator().manual_seed(0)
    both = tokens("a hat", "no hat")
    for _ in range(120):
        which = torch.randint(2, (16,), generator=generator)
        codes = 3 * which.view(16, 1, 1) + torch.randint(2, (16, 2, 3), generator=generator)
        logits = model.logits(both[which], codes)
        update("model", F.cross_entropy(logits.flatten(0, 1), codes.flatten()))
    asked = torch.arange(2).repeat_interleave(100)
    codes = model.sample_codes(both[asked], torch.rand(200, 6, generator=generator))
    assert ((codes // 3).flatten(1) == asked.unsqueeze(1)).float().mean() > 0.97
    share = (codes % 3).flatten().bincount(minlength=3) / codes.numel()
    assert (share[:2] - 0.5).abs().max() < 0.1, "what is not said is as often as in the data"


def test_a_training_takes_the_codes_of_a_release(tmp_path, monkeypatch, few_faces, capsys):
    """Without the VQ-VAE's release the training says how to make it; with it, its codes are used
    and are a part of the new release."""
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    vqvae = recipes.get("vqvae-avatars")
    name = "transformer-avatars"
    needing = recipes.override(recipes.get(name), recipes.get(name).smoke)
    monkeypatch.setattr(cli, "_measured", lambda *_, **__: [])
    assert needing.needs == {"tokenizer": "vqvae-avatars"}
    assert cli.main(["train", name, "--run-dir", str(tmp_path / "run")]) == 1
    assert "python -m genzoo train vqvae-avatars" in capsys.readouterr().err

    small = recipes.override(vqvae, vqvae.smoke)
    model = small.build_model()
    releases.save(small, model, releases.Provenance(0, 0.0, "here"), [])
    settings = [f"--set={k}={v}" for k, v in recipes.get(name).smoke.items()]
    out = tmp_path / "made"
    command = ["train", name, *settings, "--run-dir", str(tmp_path / "run"), "--release", str(out)]
    assert cli.main(command) == 0
    made = replace(needing).build_model()
    state = releases.safetensors.torch.load_file(out / releases.WEIGHTS)
    made.load_state_dict({k: v.float() for k, v in state.items()})
    x = torch.rand(2, 3, 64, 64)
    half = {k: v.half().float() for k, v in model.state_dict().items()}
    model.load_state_dict(half)
    assert torch.equal(made.codes(x), model.codes(x))


def test_the_transformer_has_room_for_the_codec_of_the_vqvae():
    sizes = recipes.get("transformer-avatars").model_kwargs
    of_codec = {
        "event_shape": sizes["event_shape"],
        "levels": sizes["levels"],
        "width": sizes["codec_width"],
        "n_blocks": sizes["codec_blocks"],
    }
    assert of_codec == recipes.get("vqvae-avatars").model_kwargs


def test_a_sheet_of_four_images_takes_less_than_a_second():
    model = recipes.get("transformer-avatars").build_model()
    caption = tokens(*TEXTS)
    model.generate(caption, generator=seeded(0))
    started = time.process_time()
    model.generate(caption, generator=seeded(0))
    assert time.process_time() - started < 1
