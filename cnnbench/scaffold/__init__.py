"""Writes the first version of somebody's plugin."""
