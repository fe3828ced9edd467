"""How images become what the arrays of a trained network were fitted to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.window import Images


@dataclass(frozen=True, slots=True)
class InputScaling:
    """(x - mean) / deviation, for x in 0..255, by channel.

        scaling = InputScaling(mean=(127.0,), deviation=(128.0,))
        scaled = scaling.apply(np.full((1, 8, 8, 3), 255, np.uint8))

    mean, deviation: one number for each channel as the network takes them, or one for all. order:
    in which the network takes three channels; images are "rgb".
    """

    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    order: Literal["rgb", "bgr"] = "rgb"

    def __post_init__(self) -> None:
        for numbers in (self.mean, self.deviation):
            if not (isinstance(numbers, tuple) and numbers and all(map(math.isfinite, numbers))):
                raise ValueError(f"no tuple of finite numbers: {numbers!r}")
        if min(self.deviation) <= 0:
            raise ValueError(f"deviations are above 0: {self.deviation!r}")
        if self.order not in ("rgb", "bgr"):
            raise ValueError(f"the order of channels is 'rgb' or 'bgr', not {self.order!r}")

    def apply(self, images: Images) -> NDArray[np.float32]:
        """Scaled copies. images: in 0..255, shape (..., height, width, channels)."""
        ordered = images if self.order == "rgb" else images[..., ::-1]
        result: NDArray[np.float32] = np.subtract(
            ordered, np.array(self.mean, np.float32), dtype=np.float32
        )
        result /= np.array(self.deviation, np.float32)
        return result


SCALINGS: Mapping[str, InputScaling] = MappingProxyType(
    {
        "none": InputScaling(),
        "unit": InputScaling((0.0,), (255.0,)),
        "keras": InputScaling((127.5,), (127.5,)),
        "torch": InputScaling((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
        "caffe": InputScaling((103.939, 116.779, 123.68), order="bgr"),
        "lite": InputScaling((127.0,), (128.0,)),
    }
)
"""Those that most published arrays take, by the name that Keras has for them.

none: 0..255, where the network itself scales. unit: 0..1. keras: -1..1, Keras's mode "tf". torch:
minus ImageNet's mean, by its deviation. caffe: blue, green, red, minus ImageNet's mean. lite:
(x - 127) / 128, as EfficientNet-Lite takes it.
"""
