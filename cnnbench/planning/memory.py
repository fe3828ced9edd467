"""Whether networks, and what a training step makes of its images, fit into this machine at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod

import psutil

from cnnbench.data.sources.source import Request
from cnnbench.data.sources.summary import in_words
from cnnbench.data.splits.feasibility import split_sizes
from cnnbench.errors import OptionsError, Problem, RecipeError
from cnnbench.network.cost import layer_costs
from cnnbench.network.cut import last_cut
from cnnbench.network.layers import Conv, Flatten
from cnnbench.network.network import Network
from cnnbench.recipe.file import PRETRAIN
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.trials.expand import Known
from cnnbench.trials.trial import Trial

BYTES = 8
"""Of a parameter in training: itself and its gradient, in float32; optimisers keep more."""

AT_REST = 4
"""Of a parameter that no gradient moves."""

MAP_BYTES = {"float32": 8, "bfloat16": 4}
"""Of a number in a feature map in training: itself and its gradient, by precision."""


def refuse_too_large(
    recipe: Recipe, trials: Sequence[Trial], known: Mapping[tuple[str, Request], Known]
) -> None:
    """Raise RecipeError for what takes more than the machine's memory.

    That is a network's weights alone, or the feature maps of one training step alone.
    """
    memory = psutil.virtual_memory().total
    of_variant = {trial.variant: trial for trial in trials}
    named = {variant.name: variant for variant in recipe.variants}
    named |= {f"{PRETRAIN}.{base.name}": base for base in recipe.pretrain}
    problems: list[Problem] = []
    for name, variant in named.items():
        trial = of_variant.get(name)
        if trial is None:  # left out of this run
            continue
        images = known[trial.source, trial.request]
        problems += _too_large(variant, trial, memory)
        problems += _too_many_at_once(variant, trial, images, memory)
    if problems:
        raise RecipeError(problems)


def refuse_large_stacks(
    stacks: Iterable[Sequence[Trial]], known: Mapping[tuple[str, Request], Known]
) -> None:
    """Raise OptionsError where replicates fit one by one, but not as many as are trained as one."""
    memory = psutil.virtual_memory().total
    largest: dict[str, Sequence[Trial]] = {}
    for stack in stacks:
        if len(stack) > max(1, len(largest.get(stack[0].variant, ()))):
            largest[stack[0].variant] = stack
    for variant, stack in largest.items():
        trial, count, image = stack[0], len(stack), _image_bytes(stack[0])
        images = known[trial.source, trial.request]
        batch = _batch(trial, images, fitting=memory // (count * image))
        step = in_words(
            f"feature maps and their gradients in a training step of {batch:,} images each",
            signals=images.signals,
        )
        takes = {"parameters and their gradients": _parameter_bytes(trial), step: batch * image}
        for what, each in takes.items():
            if count * each > memory:
                fitting = memory // each
                advice = f"give --stack {fitting} at most" if fitting > 1 else "leave out --stack"
                raise OptionsError(
                    f"--stack: {count} replicates of variant {variant!r} as one program make "
                    f"{count * each / 2**30:,.0f} GiB of {what}, more than the "
                    f"{memory / 2**30:,.0f} GiB of this machine; {advice}"
                )


def _too_large(variant: Variant, trial: Trial, memory: int) -> Iterator[Problem]:
    network = trial.network
    needed = _parameter_bytes(trial)
    if needed > memory:
        sizes = [cost.parameters for cost in layer_costs(network)]
        largest, (name, layer) = max(
            zip(sizes, network.named_layers(), strict=True), key=lambda pair: pair[0]
        )
        key = "filters" if isinstance(layer, Conv) else "dense"
        if variant.configuration.network.architecture == "layers":
            key = "layers"
        message = (
            f"variant {variant.name!r} has {sum(sizes):,} parameters, which take "
            f"{needed / 2**30:,.0f} GiB in training, more than the {memory / 2**30:,.0f} GiB of "
            f"this machine; most, {largest:,}, are those of {name}"
        )
        yield variant.problem(("network", key), message)


def _too_many_at_once(
    variant: Variant, trial: Trial, images: Known, memory: int
) -> Iterator[Problem]:
    each = _image_bytes(trial)
    fitting = memory // each
    batch = _batch(trial, images, fitting)
    if batch > fitting:
        height, width, _ = images.shape
        lower = [f"lower training.batch_size to {fitting} at most"] if fitting else []
        smaller = f"give a data.image_size below {height}x{width}"
        if images.signals:
            smaller = f"give signals of fewer than {height:,} values"
        message = in_words(
            f"variant {variant.name!r} makes {batch * each / 2**30:,.0f} GiB of feature maps and "
            f"their gradients in a training step of {batch:,} images, more than the "
            f"{memory / 2**30:,.0f} GiB of this machine; {', or '.join([*lower, smaller])}",
            signals=images.signals,
        )
        yield variant.problem(("training", "batch_size"), message)


def _batch(trial: Trial, images: Known, fitting: int) -> int:
    """The images of a step; where more are asked for than fit, no more than there are to train on.

    Those are of the largest fold.
    """
    spec = trial.configuration
    if spec.training.batch_size <= fitting:
        return spec.training.batch_size
    sizes = split_sizes(images.facts, spec.data, spec.evaluation.folds)["train"]
    trained = sizes if isinstance(sizes, int) else max(sizes)
    return min(spec.training.batch_size, trained)


def _parameter_bytes(trial: Trial) -> int:
    """What they take in training, in the stage that takes most."""
    sizes = [cost.parameters for cost in layer_costs(trial.network)]
    names = [name for name, _ in trial.network.named_layers()]
    return max(
        sum(
            size * (AT_REST if name in stage.frozen else BYTES)
            for size, name in zip(sizes, names, strict=True)
        )
        for stage in trial.schedule
    )


def _image_bytes(trial: Trial) -> int:
    """What the maps of one image take in a step, in the stage that takes most."""
    number = MAP_BYTES[trial.precision]
    return max(_map_bytes(trial.network, stage.frozen, number) for stage in trial.schedule)


def _map_bytes(network: Network, frozen: frozenset[str], number: int) -> int:
    """What the maps of one image take in a step. number: bytes of one in training, see MAP_BYTES.

    Of what comes before all that moves nothing is kept but a layer's input and output, while it is
    computed, without gradients. Flattening makes no new numbers.
    """
    nodes = network.nodes()
    sizes = [0 if isinstance(x.layer, Flatten) else prod(x.shape) for x in nodes]
    cut = last_cut(network, frozen)
    first = next((place for place, node in enumerate(nodes, 1) if node.name == cut), 0)
    at_rest = max((a + b for a, b in pairwise([0, *sizes[:first]])), default=0)
    return number * sum(sizes[first:]) + number // 2 * at_rest
