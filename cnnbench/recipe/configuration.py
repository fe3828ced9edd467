"""What a trial of one variant does, composed of the sections that their owners define."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from cnnbench.data.augmentation.window import cropped_shape
from cnnbench.data.sources.requests import request_of
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.network.architectures import build_network
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.recipe.training import EvaluationSpec, TrainingSpec


class Configuration(BaseModel):
    """Everything that a trial of one variant does: the sections with the variant's overrides."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    data: DataSpec
    network: NetworkSpec = NetworkSpec()
    training: TrainingSpec = TrainingSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    evaluation: EvaluationSpec = EvaluationSpec()

    def request(self) -> tuple[str, Request]:
        """The name of the source, and what is wanted of it. Raises DataError."""
        return request_of(self.data)

    def network_for(self, shape: tuple[int, int, int], classes: Sequence[str]) -> Network:
        """The network for a source's images of (height, width, channels) and its classes.

        Raises NetworkError.
        """
        chosen = self.data.classes or classes
        return build_network(
            self.network, cropped_shape(shape, self.augmentation.crop), len(chosen)
        )
