import pytest

from cnnbench.network.architectures import build_network
from cnnbench.network.cost import layer_costs
from cnnbench.network.layers import Conv, Dense, Flatten, Pool
from cnnbench.network.network import Network
from cnnbench.network.shapes import layer_shapes
from cnnbench.network.spec import NetworkSpec

DIGIT = (28, 28, 1)


def parameters(spec, input_shape=DIGIT, classes=10):
    return [cost.parameters for cost in layer_costs(build_network(spec, input_shape, classes))]


def test_the_mnist_convnet_has_55744_parameters_before_its_head_and_93322_in_all():
    counts = parameters(NetworkSpec())
    assert sum(counts[:5]) == 55_744
    assert sum(counts) == 93_322


def test_pooling_has_no_parameters():
    assert sum(parameters(NetworkSpec(downsampling="none"))[:3]) == 55_744


def test_a_dense_512_on_the_unpooled_map_costs_nearly_16_million_weights():
    counts = parameters(NetworkSpec(downsampling="none", dense=(512,)))
    assert counts[4] == 30_976 * 512 + 512


def test_moving_statistics_are_parameters_but_not_trainable():
    spec = NetworkSpec(filters=(8,), batch_norm="after")
    cost = layer_costs(build_network(spec, DIGIT, 10))[1]
    assert (cost.parameters, cost.trainable_parameters) == (32, 16)


def test_flops_are_twice_the_multiplications():
    layers = (Conv(filters=4, kernel=(3, 2)), Pool(), Flatten(), Dense(units=5))
    costs = layer_costs(Network(input_shape=(7, 9, 3), layers=layers, classes=5))
    # 5x8 positions, 4 filters, each a window of 3x2x3; then 2x4x4 values to 5 units.
    assert [cost.flops for cost in costs] == [2 * 5 * 8 * 4 * 18, 0, 0, 2 * 32 * 5]


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(),
        NetworkSpec(padding="same", final_pool=True),
        NetworkSpec(downsampling="stride", kernel=(5, 3), pool=(2, 3)),
        NetworkSpec(head="global_average", dense=(7, 5)),
    ],
)
def test_flops_agree_with_pytorchs_counter(spec):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    network = build_network(spec, (30, 28, 3), 4)
    shapes = (network.input_shape, *layer_shapes(network))
    with FlopCounterMode(display=False) as counter:
        for layer, inputs, outputs in zip(network.layers, shapes, shapes[1:], strict=False):
            if isinstance(layer, Conv):
                # The padded image such that a valid convolution has the outputs wanted.
                sides = [(outputs[i] - 1) * layer.stride[i] + layer.kernel[i] for i in (0, 1)]
                kernel = torch.ones(layer.filters, inputs[2], *layer.kernel)
                image = torch.ones(1, inputs[2], *sides)
                torch.nn.functional.conv2d(image, kernel, stride=layer.stride)
            if isinstance(layer, Dense):
                torch.ones(1, inputs[0]) @ torch.ones(inputs[0], layer.units)
    assert sum(cost.flops for cost in layer_costs(network)) == counter.get_total_flops()
