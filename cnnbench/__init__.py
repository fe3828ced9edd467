"""cnnbench."""
