"""Stacks whose replicates are not what each would be alone."""

from __future__ import annotations

from cnnbench.plugin.stacked import ModelLoop
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyEngine
from wrong_backends.making import with_engine


class GivesAllTheSameBatches(ModelLoop):
    def train_epoch(self, passes, learning_rate):
        first = next(iter(passes.values()))
        return super().train_epoch(dict.fromkeys(passes, first), learning_rate)


class SwapsTheirPredictions(ModelLoop):
    def predict(self, passes):
        found = super().predict(passes)
        return dict(zip(found, reversed(found.values()), strict=True))


class CountsByPlace(ModelLoop):
    """As if replicates were numbered anew when one has stopped."""

    def train_epoch(self, passes, learning_rate):
        results = super().train_epoch(dict(enumerate(passes.values())), learning_rate)
        return dict(zip(passes, results.values(), strict=True))


class AnswersForThoseThatStopped(ModelLoop):
    def train_epoch(self, passes, learning_rate):
        results = super().train_epoch(passes, learning_rate)
        return {number: results.get(number, results[max(results)]) for number in range(3)}


class MasksByMultiplying(ModelLoop):
    """0 times NaN is no 0."""

    def train_epoch(self, passes, learning_rate):
        results = super().train_epoch(passes, learning_rate)
        arrays = [model.get_weights() for model in self._models]
        for number, own in enumerate(arrays):
            others = [each for other, each in enumerate(arrays) if other != number]
            mixed = {name: own[name] + sum(0 * x[name] for x in others) for name in own}
            self._models[number].set_weights(mixed)
        return results


class SetsTheWeightsOfAll(ModelLoop):
    def set_weights(self, replicate, weights):
        for model in self._models:
            model.set_weights(weights)


class HandsOutItsOwnArrays(ModelLoop):
    held = None

    def get_weights(self, replicate):
        if self.held is None:
            self.held = [model.get_weights() for model in self._models]
        return self.held[replicate]

    def train_epoch(self, passes, learning_rate):
        self.held = None
        return super().train_epoch(passes, learning_rate)

    def set_weights(self, replicate, weights):
        self.held = None
        super().set_weights(replicate, weights)


class KeepsOneSplitForAll(ModelLoop):
    def train_epoch(self, passes, learning_rate):
        kept = [x.resident for x in passes.values()]
        if None not in kept:
            first = kept[0]
            passes = {
                number: ArrayBatches(
                    first.images, first.labels, weights=first.weights, order=x.resident.order,
                    batch_size=x.batch_size,
                )
                for number, x in passes.items()
            }  # fmt: skip
        return super().train_epoch(passes, learning_rate)


class TakesTheMostProbableClass(ModelLoop):
    def train_epoch(self, passes, learning_rate):
        if any(x.labels.ndim > 1 for x in passes.values()):
            passes = {
                number: ArrayBatches(
                    x.images, x.labels.argmax(axis=1), weights=x.weights, order=x.order,
                    batch_size=x.batch_size,
                )
                for number, x in passes.items()
            }  # fmt: skip
        return super().train_epoch(passes, learning_rate)


class CompilesByTraining(ModelLoop):
    def compile(self, passes):
        self.train_epoch(passes, 0.1)


class SeedsAllAlike(ModelLoop):
    def __init__(self, models, build, weights):
        seeded = build(3)
        for model, each in zip(seeded, weights, strict=True):
            model.set_weights(each)
        super().__init__(seeded)


class ForgetsTheOptimizersState(ModelLoop):
    def __init__(self, models, build, weights):
        super().__init__(models)
        self.build = build

    def train_epoch(self, passes, learning_rate):
        results = super().train_epoch(passes, learning_rate)
        arrays = [model.get_weights() for model in self._models]
        self._models = self.build(3)
        for model, each in zip(self._models, arrays, strict=True):
            model.set_weights(each)
        return results


def stack_of(caught_by, stack, *, rebuilds=False):
    def build_stacked(self, network, weights, optimization, seeds):
        def build(count):
            return [self.build(network, weights[0], optimization, seeds[0]) for _ in range(count)]

        models = [
            self.build(network, each, optimization, seed)
            for each, seed in zip(weights, seeds, strict=True)
        ]
        return stack(models, build, weights) if rebuilds else stack(models)

    engine = type("WrongEngine", (NumpyEngine,), {"build_stacked": build_stacked})
    return with_engine(caught_by, engine, stack)


BACKENDS = (
    stack_of("stacked", GivesAllTheSameBatches),
    stack_of("stacked", SwapsTheirPredictions),
    stack_of("stacked-optimizers", ForgetsTheOptimizersState, rebuilds=True),
    stack_of("stacked-soft-labels", TakesTheMostProbableClass),
    stack_of("stacked-dropout", SeedsAllAlike, rebuilds=True),
    stack_of("stacked-stopped", CountsByPlace),
    stack_of("stacked-stopped", AnswersForThoseThatStopped),
    stack_of("stacked-isolation", MasksByMultiplying),
    stack_of("stacked-weights", SetsTheWeightsOfAll),
    stack_of("stacked-weights", HandsOutItsOwnArrays),
    stack_of("stacked-resident", KeepsOneSplitForAll),
    stack_of("stacked-compile", CompilesByTraining),
)
