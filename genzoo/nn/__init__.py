"""Layers and distributions with no model names."""
