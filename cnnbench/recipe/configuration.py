"""What a trial of one variant does, composed of the sections that their owners define."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from cnnbench.data.augmentation.window import cropped_shape
from cnnbench.data.sources.requests import request_of
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.network.architectures import build_network, check_classes
from cnnbench.network.bases.offered import PUBLISHED, OfferedBases
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.recipe.ensemble import EnsembleSpec
from cnnbench.recipe.training import EvaluationSpec, TrainingSpec
from cnnbench.recipe.transfer import Stage, TransferSpec
from cnnbench.recipe.tune import TuneSpec


class Configuration(BaseModel):
    """Everything that a trial of one variant does: the sections with the variant's overrides."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    data: DataSpec
    network: NetworkSpec = NetworkSpec()
    transfer: TransferSpec = TransferSpec()
    training: TrainingSpec = TrainingSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    ensemble: EnsembleSpec = EnsembleSpec()
    tune: TuneSpec = TuneSpec()
    evaluation: EvaluationSpec = EvaluationSpec()

    @property
    def shares_features(self) -> bool:
        """Whether what the part of a base at rest makes of images is computed but once.

        The images of one epoch have to come again, and the recipe must not want the base inside.
        """
        strategy = self.transfer.strategy
        if not self.transfer.active or strategy == "scratch":
            return False
        if self.augmentation.active:
            return self.augmentation.copies is not None
        return strategy != "frozen"

    @property
    def soft_labels(self) -> bool:
        """Whether training images have probabilities of classes instead of one class each."""
        return self.training.label_smoothing > 0 or self.augmentation.mixes

    def request(self) -> tuple[str, Request]:
        """The name of the source, and what is wanted of it. Raises DataError."""
        return request_of(self.data)

    def network_for(
        self,
        shape: tuple[int, int, int],
        classes: Sequence[str],
        bases: OfferedBases = PUBLISHED,
    ) -> Network:
        """The network for a source's images of (height, width, channels) and its classes.

        Of a recipe with `[transfer]` the base with the new head. bases: those that it may name.
        Raises NetworkError.
        """
        chosen = self.data.classes or classes
        if self.transfer.active:
            check_classes(self.network, len(chosen))
            base = self.base_for(shape, bases)
            return self.transfer.network(base, len(chosen), self.network.output)
        return build_network(
            self.network, cropped_shape(shape, self.augmentation.crop), len(chosen)
        )

    def base_for(self, shape: tuple[int, int, int], bases: OfferedBases = PUBLISHED) -> Network:
        """The base of `[transfer]`, without a head, for a source's images of this shape."""
        return self.transfer.base_network(cropped_shape(shape, self.augmentation.crop), bases)

    def stages_for(
        self, shape: tuple[int, int, int], bases: OfferedBases = PUBLISHED
    ) -> tuple[Stage, ...]:
        """What of a base is trained, one after the other, with images of this shape.

        Empty without one. Raises NetworkError where `[transfer]` names a layer that its base lacks.
        """
        if not self.transfer.active:
            return ()
        base = self.base_for(shape, bases)
        points = bases[self.transfer.offered].points_of(base)
        return self.transfer.stages(base, self.training, points)

    def points_for(
        self, shape: tuple[int, int, int], bases: OfferedBases = PUBLISHED
    ) -> tuple[str, ...]:
        """The first layer of each block of a base; empty without one. Raises NetworkError."""
        if not self.transfer.active:
            return ()
        base = self.base_for(shape, bases)
        return bases[self.transfer.offered].points_of(base)
