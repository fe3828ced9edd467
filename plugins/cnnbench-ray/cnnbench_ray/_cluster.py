"""Being connected to a cluster, and what its nodes are."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cnnbench.plugin import Limits, PluginError

# Read while ray is imported, or by what it starts.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # A cluster on 127.0.0.1 counts as one of Windows or macOS, and its second node never comes up.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Ray's own messages, which would be written over the view of the run.
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",
    # Ray warns of what it will change about actors that ask for no GPU; it is what we ask for.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    # Ray's workers would give way to whatever else runs, at a niceness of 15, and trials on a busy
    # machine take ten times as long as those of the local executor.
    "RAY_worker_niceness": "0",
}
_STORE = 2**30
"""Bytes of shared memory of a node of our own, taken as they are needed."""
_ANSWER = 2.0
"""Seconds that a node may take to accept a connection."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is said to live. resources: what it has in all, by Ray's names."""

    identity: str
    host: str
    address: str
    port: int
    resources: Mapping[str, float]

    def answers(self) -> bool:
        """Whether it takes connections: a dead one is not known as such for many seconds."""
        try:
            with socket.create_connection((self.address, self.port), _ANSWER):
                return True
        except OSError:
            return False


@contextmanager
def connected(address: str, limits: Limits | None = None) -> Iterator[None]:
    """With a connection to the cluster, or to a node of our own if the address is "".

    Where the process has a connection already, it is used and left. Raises PluginError.
    """
    for name, value in (_SETTINGS | (_their_token() if address else _own_token())).items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    folder = "" if address else _short_folder()
    try:
        with _own_signals():
            if address:
                _join(address)
            else:
                _start_node(folder, limits)
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def living_nodes() -> list[Node]:
    """Those of the cluster at hand."""
    import ray

    return [
        Node(
            node["NodeID"],
            node["NodeManagerHostname"],
            node["NodeManagerAddress"],
            node["NodeManagerPort"],
            node["Resources"],
        )
        for node in ray.nodes()
        if node["Alive"]
    ]


def _own_token() -> dict[str, str]:
    """For a node that nobody else may use; Ray alone would leave a token in the user's home."""
    if "ray" in sys.modules:  # which has read these by then
        return {}
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _their_token() -> dict[str, str]:
    """A cluster that was started where there is a token asks for it from the first word on."""
    there = Path.home() / ".ray" / "auth_token"
    given = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    return {"RAY_AUTH_MODE": "token"} if given or there.exists() else {}


def _join(address: str) -> None:
    import ray

    host, _, port = address.rpartition(":")
    try:
        if host and port.isdecimal():  # which Ray would wait for, for minutes
            socket.create_connection((host, int(port)), _ANSWER).close()
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise PluginError(
            f"no Ray cluster answers at {address}: {_first_line(error)}; `ray start --head` starts "
            "one, and without an address the executor starts a node of its own"
        ) from error


def _start_node(folder: str, limits: Limits | None) -> None:
    import ray

    try:
        ray.init(
            "local",
            num_cpus=limits.slots * limits.threads if limits else None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=_STORE,
            _temp_dir=folder,
        )
    except Exception as error:
        raise PluginError(f"Ray can't start on this machine: {_first_line(error)}") from error


@contextmanager
def _own_signals() -> Iterator[None]:
    """Take back the handlers that Ray sets: what a signal means is the program's to decide."""
    names = (signal.SIGINT, signal.SIGTERM)
    former = {name: signal.getsignal(name) for name in names}
    try:
        yield
    finally:
        for name, handler in former.items():
            if signal.getsignal(name) is not handler:
                signal.signal(name, handler)


def _short_folder() -> str:
    """A temporary one; the names of sockets in it may have 107 characters in all."""
    usual = tempfile.gettempdir()
    short = "/tmp" if os.path.isdir("/tmp") and len(usual) > 16 else usual  # noqa: PTH112, PLR2004, S108
    return tempfile.mkdtemp(prefix="cnnb-ray-", dir=short)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
