"""How much of an image its discrete codes keep, and how many of the codes are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.metric import Metric, bootstrap

if TYPE_CHECKING:
    from genzoo.roles import AttributeClassifier, ImageTokenizer


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of images a and b (B, C, H, W) in [0, 1], in dB, (B,); at
    most 60, for two that are equal."""
    error = (a - b).square().flatten(1).mean(1)
    return -10 * error.clamp(min=1e-6).log10()


def perplexity(counts: Tensor) -> float:
    """exp of the entropy of how often each code occurs, counts (K,): K where all do so alike."""
    p = counts.double() / counts.sum()
    return torch.special.entr(p).sum().exp().item()


@torch.inference_mode()
def reconstruction_metrics(
    model: ImageTokenizer, judge: AttributeClassifier | None, on: Evaluation, batch: int = 50
) -> list[Metric]:
    """Of the images: the PSNR of their reconstructions; the share of their attributes that
    the judge reads of these as the label says, and of reconstructions that keep all of them; the
    share of codes that occur at all, their perplexity, and the share of codes that a second
    reconstruction leaves as they are. Intervals are by resampling images."""
    near, kept, stable = [], [], []
    counts = torch.zeros(model.n_codes, dtype=torch.long)
    n = len(on.x)
    for s in range(0, n, batch):
        x = on.x[s : s + batch].to(on.device)
        codes = model.codes(x)
        again = model.decode(codes)
        near.append(psnr(again, x).cpu())
        stable.append((model.codes(again) == codes).double().flatten(1).mean(1).cpu())
        counts += codes.flatten().cpu().bincount(minlength=model.n_codes)
        if judge is not None:
            read = judge.read(again.to(judge.device)).cpu()
            kept.append(read == on.images.labels[s : s + len(x)])
        on.progress(min(1.0, (s + batch) / n))
    h, w = model.code_shape
    setting = on.images.counted(n)
    of_codes = f"{h} x {w} codes of each of {setting}"
    use, perplex = 100 * (counts > 0).double().mean().item(), perplexity(counts)
    metrics = [
        bootstrap("psnr", torch.cat(near), "dB", f"reconstructions of {setting}"),
        Metric("codebook_use", use, use, use, "%", f"of {model.n_codes}, {of_codes}"),
        Metric("perplexity", perplex, perplex, perplex, "", of_codes),
        bootstrap("codes_stable", 100 * torch.cat(stable), "%", f"encoded again, {of_codes}"),
    ]
    if judge is not None:
        right = torch.cat(kept)
        read_by = f"as the judge reads them, reconstructions of {setting}"
        metrics += [
            bootstrap("attributes_kept", 100.0 * right.double().mean(1), "%", read_by),
            bootstrap("all_attributes_kept", 100.0 * right.all(1), "%", read_by),
        ]
        for name, column in zip(on.images.classes, right.unbind(1), strict=True):
            metrics.append(bootstrap(f"kept_{name}", 100.0 * column, "%", read_by))
    return metrics
