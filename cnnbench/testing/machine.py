"""Another machine than this one, for tests of what a backend says where something is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cnnbench.plugin import surroundings


@contextmanager
def machine_without(*modules: str, gpu: bool = False) -> Iterator[None]:
    """Within, `cnnbench.plugin.look_for` answers as where these modules are not installed.

    gpu: and as where no driver for an NVIDIA GPU is, whatever is there.
    """
    from unittest.mock import patch

    driver = Path("/nowhere") if gpu else surroundings.NVIDIA_DRIVER
    with (
        patch.object(surroundings, "NVIDIA_DRIVER", driver),
        patch.object(
            surroundings, "find_spec", lambda name: None if name in modules else find_spec(name)
        ),
    ):
        yield
