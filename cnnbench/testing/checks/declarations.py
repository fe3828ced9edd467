"""What a backend says about itself, and what it imports when."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import get_args

from cnnbench.errors import PluginError
from cnnbench.network.layers import (
    LAYER_TYPES,
    Activate,
    Activation,
    Add,
    AnyLayer,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Multiply,
    Pool,
    Rescaling,
    StochasticDepth,
    ZeroPadding,
)
from cnnbench.plugin.backend import (
    ACTIVATIONS,
    OPTIMIZERS,
    OPTIONS,
    OUTPUTS,
    Availability,
    Engine,
)
from cnnbench.testing.expect import expect
from cnnbench.testing.finding import Check, Failed
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import network
from cnnbench.trials.optimization import Optimization

PRECISIONS = frozenset({"float32", "bfloat16"})
DEVICES = frozenset({"cpu", "gpu"})
_LAYERS: tuple[AnyLayer, ...] = (
    Conv(filters=1, activation="linear"),
    Pool(),
    BatchNorm(),
    Activate(function="linear"),
    Dropout(),
    Flatten(),
    GlobalAveragePool(),
    Dense(units=1, activation="linear"),
    DepthwiseConv(activation="linear"),
    GlobalMaxPool(),
    Rescaling(),
    ZeroPadding(),
    Add(),
    Concatenate(),
    Multiply(),
    StochasticDepth(),
)


def _names(rig: Rig) -> None:
    declared = rig.backend.capabilities
    for field, known in (
        ("layers", LAYER_TYPES),
        ("options", OPTIONS),
        ("activations", ACTIVATIONS),
        ("outputs", OUTPUTS),
        ("optimizers", OPTIMIZERS),
        ("devices", DEVICES),
        ("precisions", PRECISIONS),
    ):
        unknown = sorted(getattr(declared, field) - known)
        expect(
            not unknown,
            f"capabilities.{field} declares {', '.join(unknown)}, which nothing asks for; known: "
            f"{', '.join(sorted(known))}",
        )


def _missing(rig: Rig) -> None:
    declared = rig.backend.capabilities
    plain = Optimization(optimizer="sgd")
    for layer in _LAYERS:
        _named("layer", layer.type, declared.missing(network(layer), plain), declared.layers)
    for function in get_args(Activation):
        answer = declared.missing(network(Activate(function=function)), plain)
        _named("activation", function, answer, declared.activations)
    for name in OPTIMIZERS:
        answer = declared.missing(network(), Optimization(optimizer=name))
        _named("optimizer", name, answer, declared.optimizers)
    looking_ahead = declared.missing(network(), Optimization("momentum", nesterov=True))
    _named("option", "nesterov", looking_ahead, declared.options)
    clipping = declared.missing(network(), Optimization("sgd", global_clipnorm=1.0))
    _named("option", "global_clipnorm", clipping, declared.options)
    soft = declared.missing(network(), Optimization("sgd", soft_labels=True))
    _named("option", "soft_labels", soft, declared.options)
    for name in PRECISIONS:
        answer = declared.missing(network(), Optimization(optimizer="sgd", precision=name))
        _named("precision", name, answer, declared.precisions)


def _named(kind: str, name: str, answer: str, declared: frozenset[str]) -> None:
    expect(
        (f"{kind} {name}" in answer) == (name not in declared),
        f"capabilities.missing for what needs {kind} {name}: expected it "
        f"{'not to be' if name in declared else 'to be'} named, got {answer!r}; what is not "
        "declared must be named, so that the trial is recorded as unsupported",
    )


def _opens(rig: Rig) -> None:
    backend = rig.backend
    for attribute in ("name", "title"):
        text = getattr(backend, attribute, None)
        expect(
            isinstance(text, str) and bool(text.strip()),
            f"the backend's {attribute}: expected a text, got {text!r}",
        )
    answer = backend.check()
    expect(
        isinstance(answer, Availability) and answer.available,
        f"check: expected an Availability that says available, got {answer!r}",
    )
    engine = rig.engine
    expect(isinstance(engine, Engine), f"open: expected an Engine, got {type(engine).__name__}")
    expect(
        isinstance(engine.device, str) and bool(engine.device),
        f"the engine's device: expected 'cpu' or an accelerator's name, got {engine.device!r}",
    )
    if "gpu" not in rig.backend.capabilities.devices:
        _refuses_a_gpu(rig)
    expect(bool(engine.versions), "the engine's versions: expected at least one, got none")
    for name, got in engine.versions.items():
        expect(
            got == _installed(name),
            f"the engine's version of {name}: expected {_installed(name) or 'no such distribution'}"
            f", got {got!r}; records name distributions as they are installed",
        )


def _refuses_a_gpu(rig: Rig) -> None:
    try:
        opened = rig.backend.open("gpu", rig.threads)
    except PluginError:
        return
    raise Failed(
        f'open("gpu"): expected PluginError, for capabilities.devices has no gpu; got an engine on '
        f"{opened.device}, which would be recorded as what was asked for"
    )


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _light(rig: Rig) -> None:
    frameworks = set(rig.engine.versions)
    early = sorted(
        name
        for name, distributions in packages_distributions().items()
        if name in rig.imported_early and frameworks.intersection(distributions)
    )
    expect(
        not early,
        f"creating and checking the backend imported {', '.join(early)}; import the framework in "
        "open, or in a module that only open imports: `cnnbench --help` loads every plugin",
    )


CHECKS = (
    Check("opens", "the backend is available, opens and says what computes", _opens),
    Check("light", "the framework is imported in open, not before", _light),
    Check("declared-names", "capabilities are names that exist", _names),
    Check("missing-is-named", "what is not declared is named as missing", _missing),
)
