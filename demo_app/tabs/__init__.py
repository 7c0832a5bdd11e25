"""One module for each family of models: `build(service)` lays out the tab and its endpoints."""
