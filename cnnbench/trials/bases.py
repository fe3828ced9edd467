"""What variants start from that the study trains itself, as far as it is known beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cnnbench.data.passes.scaling import SCALINGS, InputScaling
from cnnbench.pretrained.find import random_arrays
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import TransferSpec

SCALING_OF = {"scale": "unit", "none": "none"}
"""What a base's arrays take, by the normalisation it is trained with."""


def own_base(spec: TransferSpec) -> str:
    """The name of the base whose arrays a variant starts from, "" where the study trains none."""
    return spec.own if spec.pretrained else ""


def arrays_of_bases(recipe: Recipe, outcomes: Mapping[str, str]) -> dict[str, FoundArrays]:
    """Those of each variant on a base of the study, by the variant's name, without a file yet.

    outcomes: by the base's name, all that decides what its training comes to, replicate aside. The
    control from scratch has images scaled alike.
    """
    bases = {base.name: base for base in recipe.pretrain}
    found = {}
    for variant in recipe.variants:
        spec = variant.configuration.transfer
        if not spec.is_own:
            continue
        base = bases[spec.own]
        scaling = SCALINGS[SCALING_OF[base.configuration.data.normalization]]
        found[variant.name] = (
            _to_be_trained(base, spec, scaling, outcomes[base.name])
            if spec.pretrained
            else random_arrays(spec.weights, scaling)
        )
    return found


def _to_be_trained(
    base: Variant, spec: TransferSpec, scaling: InputScaling, outcome: str
) -> FoundArrays:
    data = base.configuration.data
    images = f"{data.source}, classes {', '.join(data.classes)}" if data.classes else data.source
    return FoundArrays(
        base=spec.weights,
        origin=f"trained by this study, section [pretrain.{base.name}]",
        path=None,
        digest=hashlib.sha256(outcome.encode()).hexdigest(),
        scaling=scaling,
        trained_on=images,
        licence="that of the images",
        canonical=True,
    )
