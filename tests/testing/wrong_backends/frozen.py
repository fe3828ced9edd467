"""Layers that are frozen too little or too much."""

from __future__ import annotations

from dataclasses import replace

from cnnbench.testing.reference import Reference
from wrong_backends.making import with_reference


class FreezesOnlyTheFirst(Reference):
    def __init__(self, network, weights, optimization, seed=0):
        super().__init__(network, weights, optimization, seed)
        for node in [node for node in self.nodes.values() if node.frozen][1:]:
            node.frozen = False


class FreezesNoConvolution(Reference):
    def __init__(self, network, weights, optimization, seed=0):
        super().__init__(network, weights, optimization, seed)
        for node in self.nodes.values():
            node.frozen &= node.layer.type != "conv"


class FreezesUnderAdamWOnly(Reference):
    def __init__(self, network, weights, optimization, seed=0):
        if optimization.optimizer != "adamw":
            optimization = replace(optimization, frozen=frozenset())
        super().__init__(network, weights, optimization, seed)


class SetsNoFrozenWeights(Reference):
    def set_weights(self, weights):
        frozen = {name for name, node in self.nodes.items() if node.frozen}
        super().set_weights({n: a for n, a in weights.items() if n.partition("/")[0] not in frozen})


class RaisesWithNothingToMove(Reference):
    """As optimisers do that are given an empty list."""

    def step(self, batch, lr):
        if not any(node.trainable for _, node in self.trained()):
            raise ValueError("optimizer got an empty parameter list")
        return super().step(batch, lr)


BACKENDS = (
    with_reference("frozen-layers", FreezesOnlyTheFirst),
    with_reference("frozen-layers", FreezesNoConvolution),
    with_reference("frozen-layers", FreezesUnderAdamWOnly),
    with_reference("all-frozen", SetsNoFrozenWeights),
    with_reference("all-frozen", RaisesWithNothingToMove),
)
