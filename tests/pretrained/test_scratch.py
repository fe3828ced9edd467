"""The control of a base is the same network, whatever its arrays come from."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnbench.loading.manager import load_plugins
from cnnbench.planning.arrays import arrays_of
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe, Variant


@pytest.mark.parametrize("padding", [None, "keras"])
def test_from_scratch_a_base_is_padded_as_the_arrays_that_it_is_compared_with(
    padding, tmp_path, torch_arrays
):
    path = tmp_path / "t.safetensors"
    save_file({name: np.ascontiguousarray(x) for name, x in torch_arrays.items()}, path)
    variants = tuple(
        Variant(
            name=strategy,
            configuration=Configuration.model_validate(
                {
                    "data": {"source": "digits"},
                    "transfer": {
                        "base": "tiny",
                        "weights": str(path),
                        "scaling": "torch",
                        "strategy": strategy,
                        "padding": padding,
                    },
                }
            ),
        )
        for strategy in ("features", "scratch")
    )
    recipe = Recipe(name="r", title="", replicates=1, baseline="scratch", variants=variants)
    features, scratch = (arrays_of(recipe, load_plugins())[x] for x in ("features", "scratch"))
    assert features.pads == scratch.pads == (padding or "torch")
    assert features.scaling == scratch.scaling
    assert (scratch.path, scratch.digest) == (None, "")
