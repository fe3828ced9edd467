"""Run stacks of Keras's augmentation layers with fixed parameters, in a process of their own.

python keras_layers.py CASES.npz RESULTS.npz, with KERAS_BACKEND set. A case is an array of images
under "NUMBER:images" and a JSON list of steps under "NUMBER:steps". A step names a `layer`, its
`arguments`, and as `drawn` what the layer would have drawn, where its arguments do not fix that.
"""

import json
import sys

import numpy as np
from keras import layers, ops

TYPES = {"flips": "bool", "batch_masks": "bool", "permutation_order": "int64"}


def apply(step, images):
    layer = getattr(layers, step["layer"])(**step["arguments"])
    drawn = step.get("drawn")
    if drawn is None:
        return layer(images, training=True)
    if isinstance(drawn, dict):
        drawn = {
            name: ops.convert_to_tensor(value, TYPES.get(name, "float32"))
            for name, value in drawn.items()
        }
    return layer.transform_images(images, drawn, training=True)


def run(steps, images):
    images = ops.convert_to_tensor(images)
    for step in steps:
        images = apply(step, images)
    return ops.convert_to_numpy(images)


def main(cases, results):
    stored = np.load(cases)
    names = [name.removesuffix(":steps") for name in stored.files if name.endswith(":steps")]
    outputs = {
        name: run(json.loads(str(stored[f"{name}:steps"])), stored[f"{name}:images"])
        for name in names
    }
    np.savez(results, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
