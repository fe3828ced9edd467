"""Making a backend that differs from the NumPy backend in one thing."""

from __future__ import annotations

from dataclasses import dataclass

from cnnbench.plugin.backend import Backend, Capabilities
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel
from cnnbench.testing.reference import NODES, OUTPUTS, RULES, Reference


@dataclass(frozen=True)
class Wrong:
    """mistake: what the backend does; caught_by: the check that is meant for it.

    target: where another process finds the backend, "" if no check needs it to.
    """

    caught_by: str
    mistake: str
    backend: Backend
    target: str = ""

    def __str__(self) -> str:
        return f"{self.caught_by}-{self.mistake}"


def with_node(caught_by: str, kind: str, node: type) -> Wrong:
    nodes = {**NODES, kind: node}
    return with_reference(
        caught_by, type("WrongReference", (Reference,), {"nodes_of": nodes}), node
    )


def with_rule(caught_by: str, name: str, rule: type) -> Wrong:
    rules = {**RULES, name: rule}
    return with_reference(caught_by, type("WrongReference", (Reference,), {"rules": rules}), rule)


def with_output(caught_by: str, kind: str, output: type) -> Wrong:
    outputs = {**OUTPUTS, kind: output}
    wrong = type("WrongReference", (Reference,), {"outputs": outputs})
    return with_reference(caught_by, wrong, output)


def with_reference(caught_by: str, reference: type, named: type | None = None) -> Wrong:
    model = type("WrongModel", (NumpyModel,), {"reference": reference})
    return with_model(caught_by, model, named or reference)


def with_model(
    caught_by: str,
    model: type,
    named: type | None = None,
    capabilities: Capabilities = NumpyBackend.capabilities,
) -> Wrong:
    engine = type("WrongEngine", (NumpyEngine,), {"model": model})
    return with_engine(caught_by, engine, named or model, capabilities)


def with_engine(
    caught_by: str,
    engine: type,
    named: type | None = None,
    capabilities: Capabilities = NumpyBackend.capabilities,
) -> Wrong:
    backend = type("WrongBackend", (NumpyBackend,), {"engine": engine})
    return with_backend(caught_by, backend, named or engine, capabilities)


def with_backend(
    caught_by: str,
    backend: type,
    named: type | None = None,
    capabilities: Capabilities = NumpyBackend.capabilities,
) -> Wrong:
    made = type("WrongBackend", (backend,), {"capabilities": capabilities})
    return Wrong(caught_by, (named or backend).__name__, made())
