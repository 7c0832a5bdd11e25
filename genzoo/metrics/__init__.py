"""Figures: nats and bits/dim, importance-weighted bounds, with their spread."""

from genzoo.metrics.bounds import active_latents, elbo_split, importance_weighted_bound
from genzoo.metrics.figures import Figure, bootstrap

__all__ = ["Figure", "active_latents", "bootstrap", "elbo_split", "importance_weighted_bound"]
