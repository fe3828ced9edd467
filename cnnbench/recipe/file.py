"""The format of a recipe file: which keys stand where. Words, schema and documentation read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, Tag
from pydantic.fields import FieldInfo

from cnnbench.network.layers import Layer
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.replicates import TABLE, Replicates, UntilSettled
from cnnbench.recipe.setting import Key, dotted
from cnnbench.recipe.texts import LONGEST_NAME, NAME, ONE_LINE, SEVERAL_LINES


class Header(BaseModel):
    """The keys at the top of a recipe, above its first section."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str = Field("", pattern=ONE_LINE, description="one line for tables and pages")
    description: str = Field(
        "", pattern=SEVERAL_LINES, description="what the study asks and what is known about it"
    )
    replicates: Replicates = Field(
        5, description="how often each variant is repeated; a table: until verdicts are settled"
    )
    seed: int = Field(
        0, ge=0, description="splits, initial weights, order, augmentation, dropout derive from it"
    )
    baseline: str | None = Field(
        None, description="the variant that the others are compared with; the first if not given"
    )

    @property
    def until_settled(self) -> UntilSettled | None:
        """The rule by which variants stop, None of a fixed number of replicates."""
        return self.replicates if isinstance(self.replicates, UntilSettled) else None

    @property
    def most_replicates(self) -> int:
        """How many there may be."""
        return self.replicates if isinstance(self.replicates, int) else self.replicates.most


class Reported(BaseModel):
    """What somebody else reported of a variant: shown beside the results, never mixed with them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    accuracy: float = Field(ge=0, le=1, description="the fraction of images that was reported")
    source: str = Field(
        pattern=ONE_LINE, min_length=1, description="where it was, in a few words: author and year"
    )


class VariantEntry(BaseModel):
    """The keys of a `[[variant]]` beside those of the sections."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=NAME, max_length=LONGEST_NAME, description="unique; stands in tables")
    description: str = Field("", pattern=SEVERAL_LINES, description="what this variant shows")
    published: Reported | None = Field(
        None, description="the accuracy that others reported of it, and where"
    )


PRETRAIN = "pretrain"
OF_A_BASE = ("data", "network", "training", "augmentation")
"""The sections below `[pretrain.NAME]`; the others concern the study."""
SECTIONS: tuple[str, ...] = tuple(Configuration.model_fields)
"""data, network, transfer, training, augmentation, ensemble, tune, evaluation."""

STRUCTURE = {
    "extends": "another recipe, relative to this one, whose keys, matrix and variants this one has",
    "variant": "named configurations, each with the keys it changes",
    "matrix": "lists of values for keys; every combination is a variant",
    "pretrain": "bases that the study trains itself, each by its name: data, network, training, "
    "augmentation",
}
"""What stands in a recipe beside header and sections."""


def submodel(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table, None for any other."""
    annotation = field.annotation
    match [each for each in get_args(annotation) if each is not type(None)]:
        case [single] if len(get_args(annotation)) > 1:  # a table that may be left out
            annotation = single
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def table_beside(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the table that a field takes in place of a single value, None if it has none."""
    for part in get_args(field.annotation):
        model, *tags = get_args(part) or (None,)
        tagged = any(isinstance(tag, Tag) and tag.tag == TABLE for tag in tags)
        if tagged and isinstance(model, type) and issubclass(model, BaseModel):
            return model
    return None


def named_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that a recipe has for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def layer_models(field: FieldInfo) -> Mapping[str, type[BaseModel]]:
    """The models of a field that lists typed tables (`network.layers`), by their type."""
    models = [
        model
        for item in get_args(field.annotation)
        for union in get_args(item)
        for model in get_args(union)
        if isinstance(model, type) and issubclass(model, BaseModel)
    ]
    return {str(model.model_fields["type"].default): model for model in models}


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a table, those that all layers have in common behind those of one type."""
    if not issubclass(model, Layer):
        return list(named_fields(model))
    fields, common = model.model_fields, Layer.model_fields.keys() - {"type"}
    return sorted(fields, key=lambda x: (x in common, x != "type", not fields[x].is_required()))


def fields_of(model: type[BaseModel], above: Key = ()) -> Iterator[tuple[Key, FieldInfo]]:
    """Every key of a model with its path, tables resolved, in order."""
    for name, field in named_fields(model).items():
        table = submodel(field)
        if table is None:
            yield (*above, name), field
            table = table_beside(field)
        if table is not None:
            yield from fields_of(table, (*above, name))


def places_of(name: str) -> list[str]:
    """The dotted keys of a recipe whose last part is this name."""
    keys = [*fields_of(Header), *fields_of(Configuration)]
    return [dotted(key) for key, _ in keys if key[-1] == name]


def default_of(field: FieldInfo) -> Any:
    """The default as TOML would give it; None if there is none or it means "not given"."""
    default = None if field.is_required() else field.default
    return list(default) if isinstance(default, tuple) else default
