"""How fast the Transformer and the PixelRNNs sample, beside one full pass a pixel, in one run.

    python -m benchmarks.sampling [--json FILE] [--check]

Both sides draw the same 16 images from the same noise, in float32 on the same threads, of the
released models where there are any, else of random ones of the recipe's size; speed does not
depend on the weights. In float64 both are held equal, pixel by pixel.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

import genzoo
from genzoo import recipes, releases
from genzoo.roles import Autoregressive, teacher_forced_draws
from genzoo.train.allocator import keep_freed_memory

NAMES = ("transformer-mnist", "row-lstm-mnist", "diagonal-bilstm-mnist")
N_SAMPLES, TARGET = 16, 20.0


def model_of(name: str) -> tuple[Autoregressive, str]:
    try:
        return genzoo.load(name, role=Autoregressive), "release"
    except genzoo.ReleaseError:
        torch.manual_seed(0)
        model = recipes.get(name).build_model().eval().requires_grad_(False)
        return releases.of_role(name, model, Autoregressive), "random"


def timed(draws: Iterator[Tensor]) -> tuple[Tensor, float]:
    """The drawn pixels (D, n), and the seconds they took."""
    with torch.inference_mode():
        started = time.perf_counter()
        x = torch.stack(list(draws))
        return x, time.perf_counter() - started


def measure(name: str, repeats: int) -> dict[str, object]:
    model, source = model_of(name)
    D = model.order.numel()
    u = torch.rand(D, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    fast, slow = [], []
    for k in range(repeats):  # taking turns, so that other work disturbs both alike
        if k == 0:
            timed(model.draws(u, None))  # the first call warms caches up
        fast += [timed(model.draws(u, None))[1] for _ in range(3)]
        slow.append(timed(teacher_forced_draws(model, u, None))[1])
    model.double()
    double = u.double()[:, :2]
    kept, _ = timed(model.draws(double, None))
    whole, _ = timed(teacher_forced_draws(model, double, None))
    return {
        "recipe": name,
        "model": source,
        "full_pass_a_pixel_ms": 1e3 * statistics.median(slow),
        "genzoo_ms": 1e3 * statistics.median(fast),
        "ratio_of_medians": statistics.median(slow) / statistics.median(fast),
        "ratio_of_bests": min(slow) / min(fast),
        "equal_in_float64": torch.equal(kept.double(), whole.double()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()

    print(f"sampling {N_SAMPLES} images, {arguments.threads} threads, medians")
    print(f"  {'':<24}{'':>9}{'a pass a pixel, ms':>20}{'genzoo, ms':>12}{'ratio':>8}  float64")
    result = []
    for name in NAMES:
        row = measure(name, arguments.repeats)
        result.append(row)
        print(
            f"  {name:<24}{row['model']:>9}{row['full_pass_a_pixel_ms']:20.0f}"
            f"{row['genzoo_ms']:12.0f}{row['ratio_of_medians']:8.1f}"
            f"  {'equal' if row['equal_in_float64'] else 'UNEQUAL'}",
            flush=True,
        )
    if arguments.json:
        told = {
            "threads": arguments.threads,
            "torch": torch.__version__,
            "target_ratio": TARGET,
            "rows": result,
        }
        arguments.json.write_text(json.dumps(told, indent=2) + "\n")
    missed = [
        row["recipe"]
        for row in result
        if not row["equal_in_float64"] or row["ratio_of_medians"] < TARGET  # type: ignore[operator]
    ]
    if arguments.check and missed:
        sys.exit(f"target missed: {', '.join(map(str, missed))}")


if __name__ == "__main__":
    main()
