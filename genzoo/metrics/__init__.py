"""Metrics: nats and bits/dim, importance-weighted bounds, pictures, with their spread.

Pure functions, which a role asks for what is measured of it (`genzoo.roles`).
"""

from genzoo.metrics.captions import caption_metrics
from genzoo.metrics.edits import edit_metrics
from genzoo.metrics.evaluation import Evaluation, K
from genzoo.metrics.likelihood import (
    active_latents,
    bits_per_dim,
    elbo_split,
    importance_weighted_bound,
)
from genzoo.metrics.matching import matched
from genzoo.metrics.metric import Metric, bootstrap
from genzoo.metrics.pictures import image_metrics
from genzoo.metrics.speed import speed_metrics
from genzoo.metrics.table import Table
from genzoo.metrics.target import Target, Verdict, judged
from genzoo.metrics.translations import translation_metrics

__all__ = [
    "Evaluation",
    "K",
    "Metric",
    "Table",
    "Target",
    "Verdict",
    "active_latents",
    "bits_per_dim",
    "bootstrap",
    "caption_metrics",
    "edit_metrics",
    "elbo_split",
    "image_metrics",
    "importance_weighted_bound",
    "judged",
    "matched",
    "speed_metrics",
    "translation_metrics",
]
