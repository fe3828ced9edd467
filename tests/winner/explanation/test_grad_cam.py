"""Heat maps by hand, and against Grad-CAM as people write it in PyTorch."""

import numpy as np
import pytest

from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten, GlobalAveragePool, Pool
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.testing.numpy_backend import NumpyBackend
from cnnbench.winner.explanation.grad_cam import Explainer, grad_cam, slopes_of
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.preprocessing import Affine, Preprocessing

NETWORK = Network(
    input_shape=(12, 10, 3),
    layers=(
        Conv(filters=4, padding="same"),
        Pool(),
        BatchNorm(epsilon=0.01),
        Conv(filters=5, padding="same", name="last"),
        Pool(kind="average"),
        Flatten(),
        Dense(units=6, activation="tanh"),
        Dense(units=3, activation="linear"),
    ),
    classes=3,
)
PREPARED = Preprocessing(
    height=12, width=10, color="rgb", scaling=Affine(factor=(1 / 127.5,), offset=(-1.0,))
)


def arrays():
    """Away from what anybody would start with, biases too."""
    rng = np.random.default_rng(5)
    return {
        name: array + rng.uniform(0, 0.2, array.shape).astype(np.float32)
        for name, array in initial_weights(NETWORK, 5).items()
    }


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def explainer():
    subject = Subject("small", NETWORK, arrays(), ("a", "b", "c"), PREPARED)
    backend = NumpyBackend()
    return Explainer(subject, backend, backend.open("cpu", 1))


def test_maps_are_weighted_by_the_mean_of_their_gradient_and_cut_at_zero():
    maps = np.array([[[[1.0, 2.0], [3.0, 0.0]]]], np.float32)  # (1, 1, 2, 2)
    gradients = np.array([[[[1.0, -1.0], [3.0, -3.0]]]], np.float32)
    # weights 2 and -2: 2 * 1 - 2 * 2 = -2, cut; 2 * 3 - 2 * 0 = 6
    np.testing.assert_array_equal(grad_cam(maps, gradients), [[[0.0, 6.0]]])


def test_a_single_unit_speaks_for_one_class_as_it_speaks_against_the_other():
    np.testing.assert_array_equal(slopes_of(np.array([1, 0]), 1), [[1], [-1]])
    np.testing.assert_array_equal(slopes_of(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])


@pytest.mark.framework
@pytest.mark.parametrize("wanted", [None, 2])
def test_grad_cam_of_plain_pytorch_is_the_same(explainer, images, wanted):
    torch = pytest.importorskip("torch")
    from torch.nn import functional

    given = {name: torch.tensor(array) for name, array in arrays().items()}

    def kernel(name):
        return given[f"{name}/kernel"].permute(3, 2, 0, 1)

    x = torch.tensor(images.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
    x = functional.conv2d(x, kernel("conv_1"), given["conv_1/bias"], padding=1).relu()
    x = functional.max_pool2d(x, 2)
    parts = [given[f"batch_norm_1/{part}"] for part in ("mean", "variance", "gamma", "beta")]
    x = functional.batch_norm(x, *parts, eps=0.01)
    maps = functional.conv2d(x, kernel("last"), given["last/bias"], padding=1).relu()
    maps.requires_grad_().retain_grad()
    x = functional.avg_pool2d(maps, 2).permute(0, 2, 3, 1).flatten(1)
    x = (x @ given["dense_1/kernel"] + given["dense_1/bias"]).tanh()
    scores = x @ given["dense_2/kernel"] + given["dense_2/bias"]
    classes = scores.argmax(1) if wanted is None else torch.full((4,), wanted)
    scores.gather(1, classes[:, None]).sum().backward()
    weights = maps.grad.mean((2, 3), keepdim=True)
    expected = (weights * maps).sum(1).relu().detach().numpy()

    found = explainer.heat_maps(images, "last", wanted)
    assert expected.max() > 0.01
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    np.testing.assert_array_equal(found.classes, classes)
    softmax = torch.softmax(scores, 1).detach().numpy()
    np.testing.assert_allclose(found.probabilities, softmax, atol=1e-6)
    np.testing.assert_allclose(
        explainer.maps(images, "last"), maps.detach().permute(0, 2, 3, 1).numpy(), atol=1e-5
    )


def test_below_a_global_average_the_heat_sums_up_to_the_score_less_its_bias(images):
    """Where no place speaks against the class, so that nothing is cut (Zhou et al. 2016)."""
    layers = (Conv(filters=4), GlobalAveragePool(), Dense(units=3, activation="linear"))
    net = Network(input_shape=(12, 10, 3), layers=layers, classes=3)
    weights = {name: np.abs(x) for name, x in initial_weights(net, 3).items()}
    prepared = PREPARED.model_copy(update={"scaling": Affine(factor=(1 / 255,), offset=(0.0,))})
    backend = NumpyBackend()
    subject = Subject("averaged", net, weights, ("a", "b", "c"), prepared)
    explainer = Explainer(subject, backend, backend.open("cpu", 1))
    found = explainer.heat_maps(images, "conv_1", 1)
    averages = explainer.maps(images, "conv_1").mean(axis=(1, 2))
    scores = averages @ weights["dense_1/kernel"][:, 1]
    np.testing.assert_allclose(found.values.sum(axis=(1, 2)), scores, rtol=1e-5)


def test_the_class_that_is_asked_for_changes_the_map_and_not_the_probabilities(explainer, images):
    seen, other = explainer.heat_maps(images, "last"), explainer.heat_maps(images, "last", 0)
    assert set(other.classes) == {0} != set(seen.classes)
    np.testing.assert_array_equal(seen.probabilities, other.probabilities)
    assert not np.allclose(seen.values, other.values)


def test_many_images_give_what_each_gives_alone(explainer, images):
    many = np.concatenate([images] * 10)
    one = explainer.heat_maps(images[:1], "last")
    found = explainer.heat_maps(many, "last")
    np.testing.assert_allclose(found.values[36], one.values[0], rtol=1e-6)
