"""Figures: nats and bits/dim, importance-weighted bounds, pictures, with their spread."""

from genzoo.metrics.bounds import active_latents, elbo_split, importance_weighted_bound
from genzoo.metrics.edits import edit_metrics
from genzoo.metrics.matching import matched
from genzoo.metrics.metric import Metric, bootstrap
from genzoo.metrics.pictures import image_metrics
from genzoo.metrics.speed import speed_metrics
from genzoo.metrics.translations import translation_metrics

__all__ = [
    "Metric",
    "active_latents",
    "bootstrap",
    "elbo_split",
    "edit_metrics",
    "image_metrics",
    "speed_metrics",
    "translation_metrics",
    "importance_weighted_bound",
    "matched",
]
