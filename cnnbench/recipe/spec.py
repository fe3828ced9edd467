"""The recipe as a value."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from cnnbench.errors import Problem
from cnnbench.network.bases.offered import PUBLISHED, OfferedBases
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.entries import Entry
from cnnbench.recipe.file import Reported
from cnnbench.recipe.setting import Key, Setting, dotted


class Variant(BaseModel):
    """A named configuration: the recipe's sections with what the variant changes.

    published: what others reported of it. settings: where its values were written, for what turns
    out to be wrong later; entry: what of them the variant itself says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    configuration: Configuration
    description: str = ""
    published: Reported | None = None
    settings: Mapping[Key, Setting] = Field(default_factory=dict, exclude=True, repr=False)
    entry: Entry | None = Field(None, exclude=True, repr=False)

    def problem(self, key: Key, message: str) -> Problem:
        """A problem with the value of a key, at its place if it was written anywhere."""
        setting = self.settings.get(key)
        return setting.problem(dotted(key), message) if setting else Problem(dotted(key), message)


class Recipe(BaseModel):
    """A study: variants that are compared with a baseline over shared replicates.

    name: the file's stem. replicates: how many, at most where looks are taken at fewer. looks: the
    numbers of replicates at which variants with a settled verdict stop; () where none does.
    baseline: a variant's name, by default the first. pretrain: bases that the study trains itself.
    bases: all that `[transfer]` may name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    title: str = ""
    description: str = ""
    replicates: int = Field(5, ge=1)
    looks: tuple[int, ...] = ()
    seed: int = Field(0, ge=0)
    baseline: str
    variants: tuple[Variant, ...]
    pretrain: tuple[Variant, ...] = ()
    bases: SkipValidation[OfferedBases] = Field(
        default_factory=lambda: PUBLISHED, exclude=True, repr=False
    )

    @property
    def margin(self) -> float:
        """The smallest difference that matters, the same in all variants."""
        return self.variants[0].configuration.evaluation.margin
