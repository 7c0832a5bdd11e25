"""Figures: nats and bits/dim, importance-weighted bounds, pictures, with their spread."""

from genzoo.metrics.bounds import active_latents, elbo_split, importance_weighted_bound
from genzoo.metrics.edits import figures_of_edits
from genzoo.metrics.figures import Figure, bootstrap
from genzoo.metrics.matching import matched
from genzoo.metrics.pictures import figures_of_pictures
from genzoo.metrics.speed import figures_of_speed
from genzoo.metrics.translations import figures_of_translations

__all__ = [
    "Figure",
    "active_latents",
    "bootstrap",
    "elbo_split",
    "figures_of_edits",
    "figures_of_pictures",
    "figures_of_speed",
    "figures_of_translations",
    "importance_weighted_bound",
    "matched",
]
