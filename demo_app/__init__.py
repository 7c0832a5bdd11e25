"""The app: people explore the models of genzoo by hand, in a browser."""
