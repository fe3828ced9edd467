"""Backends that are wrong in one thing each, and the check that is meant to catch it."""

from wrong_backends import layers, running, training

WRONG_BACKENDS = (*layers.BACKENDS, *training.BACKENDS, *running.BACKENDS)
