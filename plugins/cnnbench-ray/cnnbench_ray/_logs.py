"""What a worker printed last: the ends of the files that Ray keeps of it on its own node."""

from __future__ import annotations

import logging
import os
import platform
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

LOGGER = logging.getLogger("cnnbench.ray")

_LAST = 16 * 1024
"""Bytes of each file that are kept with a failure."""
_PATIENCE = 20.0
"""Seconds that another node has to send them."""
_MARKS = re.compile(r"^:(?:job_id|actor_name|task_name):.*\n", re.MULTILINE)
"""Lines by which Ray finds its way in these files."""


def own_logs() -> tuple[str, ...]:
    """The files of what this worker prints; none where Ray was told to keep none."""
    context = ray.get_runtime_context()
    folder = Path(context.get_temp_dir(), context.get_session_name(), "logs")
    names = f"worker-{context.get_worker_id()}-*"
    return tuple(str(path) for kind in ("out", "err") for path in folder.glob(f"{names}.{kind}"))


def tail(files: Sequence[str]) -> str:
    """The end of each file on this machine that holds anything, below its name."""
    parts = []
    for name in files:
        with suppress(OSError), Path(name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST))
            if text := _MARKS.sub("", file.read().decode(errors="replace")).strip():
                parts.append(f"{name} on {platform.node()}:\n{text}")
    return "\n\n".join(parts)


def tail_on(node: str, files: Sequence[str]) -> str:
    """The same of files on a node, by Ray's name of it; "" where it does not answer in time."""
    if node == ray.get_runtime_context().get_node_id():
        return tail(files)
    place = NodeAffinitySchedulingStrategy(node, soft=False)
    there = ray.remote(tail).options(num_cpus=0, max_retries=0, scheduling_strategy=place)
    try:
        return str(ray.get(there.remote(files), timeout=_PATIENCE))
    except RayError as error:
        LOGGER.info("node %s does not tell what a worker printed: %s", node, error)
        return ""
