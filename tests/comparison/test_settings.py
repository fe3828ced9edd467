"""In what two configurations differ, and in what they only seem to."""

from cnnbench.comparison.settings import differing_keys
from cnnbench.data.spec import DataSpec
from cnnbench.recipe.configuration import Configuration

NOW = Configuration(data=DataSpec(source="digits")).model_dump(mode="json")
BEFORE = NOW | {"network": {key: x for key, x in NOW["network"].items() if key != "residual"}}


def test_a_record_from_before_there_was_a_key_did_what_is_its_default_now():
    assert differing_keys(BEFORE, NOW) == {}
    residual = NOW | {"network": NOW["network"] | {"residual": True}}
    assert differing_keys(BEFORE, residual) == {"network.residual": (False, True)}


def test_another_value_is_told_with_both():
    other = NOW | {"training": NOW["training"] | {"epochs": 3}}
    assert differing_keys(NOW, other) == {"training.epochs": (NOW["training"]["epochs"], 3)}
