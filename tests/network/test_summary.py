from cnnbench.network.architectures import build_network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.summary import summarize


def summary_of(input_shape=(28, 28, 1), classes=10, **settings):
    return summarize(build_network(NetworkSpec(**settings), input_shape, classes))


def test_rows_and_totals_of_the_mnist_convnet():
    summary = summary_of()
    assert [row.name for row in summary.rows] == [
        *("conv_1", "pool_1", "conv_2", "pool_2", "conv_3", "flatten_1", "dense_1", "dense_2"),
    ]
    assert [row.parameters for row in summary.rows] == [320, 0, 18_496, 0, 36_928, 0, 36_928, 650]
    assert summary.parameters == summary.trainable_parameters == 93_322
    assert summary.rows[2].flops == 2 * 11 * 11 * 64 * 9 * 32
    assert summary.flops == sum(row.flops for row in summary.rows)
    assert summary.rows[4].receptive.size == (18, 18)


def test_the_output_row_says_how_scores_become_probabilities():
    assert summary_of().rows[-1].label == "dense 10, softmax"
    assert summary_of(classes=2, output="sigmoid").rows[-1].label == "dense 1, sigmoid"


def test_a_well_shaped_network_draws_no_remark():
    assert summary_of().warnings == ()


def test_a_dense_layer_on_a_large_flattened_map_draws_a_remark():
    heavy, narrow = summary_of(downsampling="none", dense=(512,)).warnings
    for words in ("dense_1", "15,860,224", "22x22x64 = 30,976 values", "global average pooling"):
        assert words in heavy
    for words in ("conv_3", "7x7", "28x28"):
        assert words in narrow


def test_global_average_pooling_is_the_remedy_it_is_said_to_be():
    warnings = summary_of(downsampling="none", dense=(512,), head="global_average").warnings
    assert not any("flatten" in warning for warning in warnings)


def test_a_network_without_convolutions_draws_no_remark_about_maps():
    assert summary_of(architecture="dense", dense=(512,)).warnings == ()


def test_batch_normalisation_separates_the_totals():
    summary = summary_of(batch_norm="after", filters=(8, 8))
    assert summary.parameters - summary.trainable_parameters == 2 * 2 * 8
