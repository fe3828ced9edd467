"""The JSON Schema of a recipe file, for editors that complete and check TOML.

Draft 7, the newest that Taplo and so the usual TOML extensions of editors read.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import OF_A_BASE, SECTIONS, STRUCTURE, Header, VariantEntry, submodel
from cnnbench.recipe.replicates import UntilSettled

DRAFT = "http://json-schema.org/draft-07/schema#"
REF = "#/definitions/"


def recipe_schema() -> dict[str, Any]:
    """The schema of the file, before `extends` is followed and `--set` applied.

    No key is required: what a recipe lacks may come from the one that it extends.
    """
    models = (Header, VariantEntry, Configuration)
    _, whole = models_json_schema(
        [(model, "validation") for model in models], ref_template=REF + "{model}"
    )
    definitions: dict[str, Any] = {name: _draft7(schema) for name, schema in whole["$defs"].items()}
    header = definitions.pop("Header")["properties"]
    entry = definitions.pop("VariantEntry")
    sections = definitions.pop("Configuration")["properties"]
    for field in _tables(Configuration):
        definitions[field.__name__].pop("required", None)
    definitions[UntilSettled.__name__].pop("required", None)
    definitions["Matrix"] = _matrix(Configuration, whole_keys=True)
    definitions["Variant"] = entry | {"properties": entry["properties"] | sections}
    definitions["Pretrain"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: sections[name] for name in OF_A_BASE},
    }
    return {
        "$schema": DRAFT,
        "title": "cnnbench recipe",
        "description": "A study: variants that are compared with a baseline over shared seeds.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **header,
            "extends": {"type": "string", "description": STRUCTURE["extends"]},
            **sections,
            "variant": {
                "type": "array",
                "description": STRUCTURE["variant"],
                "items": {"$ref": f"{REF}Variant"},
            },
            "pretrain": {
                "type": "object",
                "description": STRUCTURE["pretrain"],
                "additionalProperties": {"$ref": f"{REF}Pretrain"},
            },
            "matrix": _with({"$ref": f"{REF}Matrix"}, description=STRUCTURE["matrix"]),
        },
        "definitions": definitions,
    }


def _tables(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models of all tables below a model."""
    below = [table for x in model.model_fields.values() if (table := submodel(x)) is not None]
    return [each for table in below for each in (table, *_tables(table))]


def _matrix(model: type[BaseModel], above: str = "", *, whole_keys: bool = False) -> dict[str, Any]:
    """A table like the model's with a list of values for each key.

    whole_keys: keys may also be written as one, in quotes: `"network.padding" = [...]`.
    """
    properties: dict[str, Any] = {}
    quoted: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = f"{above}.{name}" if above else name
        table = submodel(field)
        each = {"$ref": f"{REF}{model.__name__}/properties/{name}"}
        if table is None:
            properties[name] = quoted[key] = _list_of(each)
            continue
        below = _matrix(table, key)
        quoted |= below.pop("quoted")
        several = _list_of({"$ref": f"{REF}{table.__name__}"})
        properties[name] = below if name in SECTIONS and not above else {"anyOf": [below, several]}
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    if whole_keys:
        return made | {"patternProperties": {f"^{re.escape(key)}$": x for key, x in quoted.items()}}
    return made | {"quoted": quoted}


def _list_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": schema}


def _with(reference: dict[str, Any], **beside: Any) -> dict[str, Any]:
    """A reference with something beside it, which draft 7 would ignore otherwise."""
    return {"allOf": [reference], **beside}


def _draft7(schema: Any) -> Any:
    """What pydantic writes in draft 2020-12, in draft 7, without what TOML can't say (null)."""
    if isinstance(schema, list):
        return [_draft7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: _draft7(item) for name, item in value.items()}
        if key == "properties"
        else _draft7(value)
        for key, value in schema.items()
        if key not in ("title", "discriminator")
        and not (key == "default" and (value is None or isinstance(value, dict)))
    }
    if "const" in schema.get("properties", {}).get("type", {}):
        made["required"] = ["type", *made.get("required", [])]  # tells typed tables apart
    if "prefixItems" in made:
        made["items"] = made.pop("prefixItems")
    if "anyOf" in made:
        made["anyOf"] = [item for item in made["anyOf"] if item != {"type": "null"}]
        if len(made["anyOf"]) == 1:
            made |= made.pop("anyOf")[0]
    if "description" in made and isinstance(made["description"], str):
        made["description"] = " ".join(made["description"].split("\n\n")[0].split())
    if "$ref" in made and len(made) > 1:
        reference = {"$ref": made.pop("$ref")}
        made = _with(reference, **made)
    return made
