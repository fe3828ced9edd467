from __future__ import annotations

from cnnbench.network.layers import Activate, Conv, Dense, Flatten
from cnnbench.network.network import Network
from cnnbench.plugin.backend import Capabilities
from cnnbench.trials.optimization import Optimization

NETWORK = Network(
    input_shape=(8, 8, 1),
    layers=(
        Conv(filters=2, activation="elu"),
        Activate(function="gelu"),
        Flatten(),
        Dense(units=3, activation="linear"),
    ),
    classes=3,
)


def test_a_backend_without_restrictions_lacks_nothing():
    assert Capabilities().missing(NETWORK, Optimization("adamw")) == ""


def test_everything_that_is_lacking_is_named():
    capabilities = Capabilities(
        layers=frozenset({"flatten", "dense", "activation"}),
        activations=frozenset({"linear"}),
        optimizers=frozenset({"sgd"}),
    )
    assert capabilities.missing(NETWORK, Optimization("adam", precision="bfloat16")) == (
        "layer conv, activation elu, activation gelu, optimizer adam, precision bfloat16"
    )


def test_nesterovs_momentum_can_be_missing_where_plain_momentum_is_there():
    capabilities = Capabilities(options=frozenset())
    assert capabilities.missing(NETWORK, Optimization("momentum")) == ""
    looking_ahead = Optimization("momentum", nesterov=True)
    assert capabilities.missing(NETWORK, looking_ahead) == "option nesterov"


def test_clipping_can_be_missing():
    capabilities = Capabilities(options=frozenset({"nesterov"}))
    assert capabilities.missing(NETWORK, Optimization("sgd")) == ""
    clipping = Optimization("momentum", nesterov=True, global_clipnorm=1.0)
    assert capabilities.missing(NETWORK, clipping) == "option global_clipnorm"


def test_soft_labels_can_be_missing():
    capabilities = Capabilities(options=frozenset())
    assert capabilities.missing(NETWORK, Optimization()) == ""
    assert capabilities.missing(NETWORK, Optimization(soft_labels=True)) == "option soft_labels"


def test_what_a_network_does_not_use_is_not_missed():
    capabilities = Capabilities(activations=frozenset({"linear", "elu", "gelu"}))
    assert capabilities.missing(NETWORK, Optimization()) == ""
