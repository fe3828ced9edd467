"""The same training in a process of its own, for the check that compares two processes.

Started by `cnnbench.testing.checks.repetition` with the backend's environment already set, and told
which backend by its only message.
"""

from __future__ import annotations

import queue

import numpy as np

from cnnbench.execution.channel import Starter
from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.network.layers import Conv, Dropout, Flatten
from cnnbench.network.network import Weights
from cnnbench.testing.finding import Failed
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import batches, network
from cnnbench.testing.target import find_backend, search_path, widen_search

RANDOM = network(Conv(filters=4, activation="linear", stride=(2, 2)), Dropout(rate=0.3), Flatten())


def train(rig: Rig) -> Weights:
    """The weights after two epochs of a network whose dropout draws from a seed."""
    net = rig.reduce(RANDOM)
    model = rig.build(net, seed=5)
    passes = batches(net, 12, batch_size=6)
    for _ in range(2):
        model.train_epoch(passes, 0.01)
    return model.get_weights()


def train_elsewhere(target: str, device: str, threads: int) -> Weights:
    """What `train` gives in a new process. Raises Failed if it ends otherwise."""
    inbox: Inbox = queue.SimpleQueue()
    # Each process salts its hashes anew, unless told otherwise.
    worker = WorkerProcess("cnnbench.testing.again", {"PYTHONHASHSEED": "random"}, inbox)
    worker.send("train", path=search_path(), target=target, device=device, threads=threads)
    _, message = inbox.get()
    if message is None:
        words = worker.last_words()
        raise Failed(f"a second process with the same backend ended with an error: {words}")
    worker.kill()
    return {name: np.asarray(array, np.float32) for name, array in message["weights"].items()}


def main() -> None:
    """Train, and tell the weights."""
    starter = Starter()
    request = starter.next()
    widen_search(request["path"])
    backend = find_backend(request["target"])
    weights = train(Rig(backend, request["device"], request["threads"]))
    lists = {name: np.asarray(array).tolist() for name, array in weights.items()}
    starter.send("trained", weights=lists)


if __name__ == "__main__":
    main()
