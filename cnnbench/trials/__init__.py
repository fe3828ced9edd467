"""Trials: what a recipe comes down to. Pure: no disk, no clock, no plugin."""
