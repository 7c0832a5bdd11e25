"""How fast NADE trains and samples, beside plain loops over the pixels, in one run.

    python -m benchmarks.nade [--json FILE]

All sides run on the same threads with the same allocator setting. A training step is forward,
backward and Adam. Sampling is measured on the released model where there is one, since its speed
depends on how many pixels are on; else on a random one whose pixels are on as rarely.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.distributions import Bernoulli
from torch.nn import functional as F

import genzoo
from genzoo.models import NADE
from genzoo.objectives.base import adam
from genzoo.train.allocator import keep_freed_memory

B, D, H, N_SAMPLES = 128, 784, 500, 16


def published_pass(model: NADE, x: Tensor) -> tuple[Tensor, Tensor]:
    """One pass for training and sampling alike, as the best-known public implementation has it.

    x (B, D), below 0 where a pixel is to be drawn: probabilities and pixels, (B, D) both. A
    Bernoulli is made and drawn from at every pixel, whether the draw is wanted or not.
    """
    a = model.c.expand(len(x), -1)
    probabilities, pixels = [], []
    for i in range(x.shape[1]):
        p = torch.sigmoid(torch.sigmoid(a) @ model.V[i : i + 1].t() + model.b[i : i + 1])
        pixel = torch.where(x[:, i : i + 1] < 0, Bernoulli(probs=p).sample(), x[:, i : i + 1])
        probabilities.append(p)
        pixels.append(pixel)
        a = a + pixel @ model.W[i : i + 1]
    return torch.cat(probabilities, 1), torch.cat(pixels, 1)


def published_log_prob(model: NADE, x: Tensor) -> Tensor:
    p, _ = published_pass(model, x)
    return -F.binary_cross_entropy(p, x, reduction="none").sum(1)


@torch.no_grad()
def published_sample(model: NADE, n: int) -> Tensor:
    return published_pass(model, torch.full((n, model.order.numel()), -1.0))[1]


def lean_log_prob(model: NADE, x: Tensor) -> Tensor:
    """log p(x) (B,) of x (B, D), a pixel at a time, with nothing that training does not need."""
    a = model.c.expand(len(x), -1)
    total = torch.zeros(len(x))
    for i in range(x.shape[1]):
        logit = torch.sigmoid(a) @ model.V[i] + model.b[i]
        total = total - F.binary_cross_entropy_with_logits(logit, x[:, i], reduction="none")
        a = a + torch.outer(x[:, i], model.W[i])
    return total


@torch.no_grad()
def lean_sample(model: NADE, n: int) -> Tensor:
    """n images (n, D), a pixel at a time, drawn by torch.bernoulli."""
    a = model.c.expand(n, -1)
    x = torch.zeros(n, model.order.numel())
    for i in range(x.shape[1]):
        logit = torch.sigmoid(a) @ model.V[i] + model.b[i]
        x[:, i] = torch.bernoulli(torch.sigmoid(logit))
        a = a + torch.outer(x[:, i], model.W[i])
    return x


def sampled_model() -> tuple[NADE, str]:
    try:
        model = genzoo.load("nade-mnist", role=NADE)
    except genzoo.ReleaseError:
        model = NADE()
        y, x = torch.meshgrid(torch.linspace(-1, 1, 28), torch.linspace(-1, 1, 28), indexing="ij")
        with torch.no_grad():  # a third of the pixels in a disc, none outside it
            model.b.copy_(torch.where(x**2 + y**2 < 0.5, -0.7, -8.0).flatten())
        return model.requires_grad_(False), "a random NADE, pixels on in a disc"
    return model, "the release nade-mnist"


def training_step(
    log_prob: Callable[[NADE, Tensor], Tensor], x: Tensor, dtype: torch.dtype
) -> Callable[[], float]:
    torch.manual_seed(0)
    model = NADE(n_hidden=H)
    optimizer = adam(model.parameters(), 1e-3)

    def step() -> float:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
            loss = -log_prob(model, x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def alternating(sides: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each side; the sides take turns, so that other work disturbs all alike."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side()
    for _ in range(repeats):
        for name, side in sides.items():
            started = time.perf_counter()
            side()
            times[name].append(time.perf_counter() - started)
    return times


def rows(what: str, times: dict[str, list[float]]) -> list[dict[str, object]]:
    """One row a side; ratios are to the first."""
    first = next(iter(times.values()))
    return [
        {
            "what": what,
            "how": name,
            "median_ms": 1e3 * statistics.median(seconds),
            "best_ms": 1e3 * min(seconds),
            "ratio_of_medians": statistics.median(first) / statistics.median(seconds),
            "ratio_of_bests": min(first) / min(seconds),
        }
        for name, seconds in times.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()

    x = (torch.rand(B, D, generator=torch.Generator().manual_seed(0)) < 0.13).float()

    def ours(model: NADE, x: Tensor) -> Tensor:
        return model.log_prob(x.view(-1, *model.event_shape))

    steps = {
        "loop as published, float32": training_step(published_log_prob, x, torch.float32),
        "lean loop, float32": training_step(lean_log_prob, x, torch.float32),
        "genzoo, float32": training_step(ours, x, torch.float32),
        "genzoo, bfloat16": training_step(ours, x, torch.bfloat16),
    }
    losses = [step() for step in steps.values()]  # of the same weights: faster must not be other
    assert all(abs(loss / losses[0] - 1) < 1e-3 for loss in losses), losses
    result = rows(f"training step, batch {B}, D {D}, H {H}", alternating(steps, arguments.repeats))

    model, source = sampled_model()
    samplers: dict[str, Callable[[], object]] = {
        "loop as published": lambda: published_sample(model, N_SAMPLES),
        "lean loop": lambda: lean_sample(model, N_SAMPLES),
        "genzoo": lambda: model.sample(N_SAMPLES),
        "genzoo, step by step": lambda: sum(1 for _ in model.sampling(N_SAMPLES)),
    }
    what = f"sampling {N_SAMPLES} images of {source}"
    result += rows(what, alternating(samplers, 2 * arguments.repeats))

    last = None
    for row in result:
        if row["what"] != last:
            last = row["what"]
            print(f"\n{last}, {arguments.threads} threads")
            print(f"  {'':<32}{'median ms':>10}{'ratio':>8}{'best ms':>10}{'ratio':>8}")
        print(
            f"  {row['how']:<32}{row['median_ms']:10.1f}{row['ratio_of_medians']:8.2f}"
            f"{row['best_ms']:10.1f}{row['ratio_of_bests']:8.2f}"
        )
    if arguments.json:
        told = {"threads": arguments.threads, "torch": torch.__version__, "rows": result}
        arguments.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
