"""Runs one backend in a process of its own and writes down what the tests look at.

python observe.py BACKEND FILE [FUNCTION]: an .npz of what the function returns.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping

import numpy as np
from sklearn.datasets import load_digits

from cnnbench.plugin import (
    OPTIMIZERS,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Engine,
    Flatten,
    Model,
    Network,
    Optimization,
    Pool,
)
from cnnbench.testing import ArrayBatches, initial_weights, load_plugins

LAYERS = (Conv(filters=6), Pool(), Conv(filters=8, kernel=(2, 2), padding="same"), Flatten())
HEAD = (Dense(units=12), Dense(units=10, activation="linear"))
PLAIN = Network(input_shape=(8, 8, 1), layers=(*LAYERS, *HEAD), classes=10)
DROPPING = Network(
    input_shape=(8, 8, 1), layers=(*LAYERS, BatchNorm(), Dropout(rate=0.3), *HEAD), classes=10
)
RATE = 0.01


def digits(count: int, batch_size: int) -> ArrayBatches:
    images, labels = load_digits(return_X_y=True)
    images = (images[:count] / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    return ArrayBatches(images, labels[:count].astype(np.int32), batch_size=batch_size)


def build(engine: Engine, network: Network, optimizer: str = "adam") -> Model:
    weights = initial_weights(network, seed=1)
    optimization = Optimization(optimizer)
    if optimizer == "nesterov":
        optimization = Optimization("momentum", nesterov=True)
    if optimizer == "clipped":
        optimization = Optimization("sgd", global_clipnorm=0.3)
    return engine.build(network, weights, optimization, seed=2)


def keras_model(optimizer: str = "adam"):
    """The plain network as a user writes it, with the same weights."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dense(10),
        ]
    )
    made = {
        "sgd": keras.optimizers.SGD(RATE),
        "momentum": keras.optimizers.SGD(RATE, momentum=0.9),
        "rmsprop": keras.optimizers.RMSprop(RATE),
        "adam": keras.optimizers.Adam(RATE),
        "nesterov": keras.optimizers.SGD(RATE, momentum=0.9, nesterov=True),
        "adamw": keras.optimizers.AdamW(RATE, weight_decay=0.004),
        "nadam": keras.optimizers.Nadam(RATE),
        "adagrad": keras.optimizers.Adagrad(RATE),
        "adamax": keras.optimizers.Adamax(RATE),
        "lion": keras.optimizers.Lion(RATE),
        "clipped": keras.optimizers.SGD(RATE, global_clipnorm=0.3),
    }[optimizer]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Two steps are taken of each: to compile them takes longer.
    model.compile(optimizer=made, loss=loss, run_eagerly=True)
    model.set_weights(list(initial_weights(PLAIN, seed=1).values()))
    return model


def flat(weights: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in weights.values()])


def observations(engine: Engine) -> dict[str, object]:
    """Everything by name, as arrays."""
    seen: dict[str, object] = {}
    few, many = digits(20, 20), digits(600, 64)

    model = build(engine, PLAIN)
    reference = keras_model()
    seen["parameters"] = flat(model.get_weights()).size
    seen["keras parameters"] = reference.count_params()
    seen["probabilities"] = model.predict(few)
    scores = np.asarray(reference.predict_on_batch(few.images), np.float64)
    seen["keras probabilities"] = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    seen["loss before"] = model.train_epoch(many, 0.0).loss
    model = build(engine, PLAIN)
    model.train_epoch(many, 0.001)
    seen["loss after"] = model.train_epoch(many, 0.0).loss

    for optimizer in (*OPTIMIZERS, "nesterov", "clipped"):
        model, reference = build(engine, PLAIN, optimizer), keras_model(optimizer)
        for _ in range(2):
            model.train_epoch(few, RATE)
            reference.train_on_batch(few.images, few.labels)
        seen[optimizer] = flat(model.get_weights())
        seen[f"keras {optimizer}"] = flat(dict(enumerate(reference.get_weights())))

    return seen | repeated(engine) | {"kept": kept(engine)}


def repeated(engine: Engine) -> dict[str, object]:
    """Training with dropout and batch statistics, twice in this process."""
    runs = []
    for _ in range(2):
        model, passes = build(engine, DROPPING), digits(150, 64)
        model.compile(passes)
        for _ in range(2):
            model.train_epoch(passes, 0.001)
        model.predict(passes)
        model.predict(digits(1, 1))
        runs.append(flat(model.get_weights()))
    return {"trained": runs[0], "trained again": runs[1], "compiled": compiled(model)}


def compiled(model: Model) -> int:
    """How often training and prediction were traced or compiled, 0 on torch, which does neither."""
    if hasattr(model, "_stack"):
        program = model._stack._program
        return program.step._cache_size() + program.predict._cache_size()
    if hasattr(model, "_train"):
        functions = (model._train, model._predict)
        return sum(function.experimental_get_tracing_count() for function in functions)
    return 0


def kept(engine: Engine) -> int:
    """Models and graphs that stay in memory when eight networks have come and gone."""
    before = models_and_graphs()
    for units in range(8):
        network = PLAIN.model_copy(update={"layers": (Flatten(), Dense(units=units + 1), HEAD[-1])})
        model = build(engine, network)
        model.train_epoch(digits(4, 4), 0.001)
        del model
    return models_and_graphs() - before


def models_and_graphs() -> int:
    import keras

    gc.collect()
    return sum(
        issubclass(type(thing), keras.Model) or type(thing).__name__ == "FuncGraph"
        for thing in gc.get_objects()
    )


if __name__ == "__main__":
    backend = load_plugins().backend(sys.argv[1])
    function = {"repeated": repeated}.get(sys.argv[-1], observations)
    opened = backend.open("cpu", threads=1)
    gc.collect(), gc.freeze()  # as a worker does: each build walks everything else
    np.savez(sys.argv[2], **function(opened))
