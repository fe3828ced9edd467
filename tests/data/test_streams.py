import numpy as np

from cnnbench.data.streams import random_bits, random_fractions, random_order


def test_bits_are_those_numpy_promises_to_keep():
    """Made with NumPy 1.26; a change here would change every recorded result."""
    assert random_bits(0, 0, 0, 2).tolist() == [14946354705293191919, 10074248136150883599]
    assert random_bits(2**62, 7, 11, 2).tolist() == [7919665999710778951, 13518998128278236109]


def test_the_first_values_do_not_depend_on_how_many_are_drawn():
    np.testing.assert_array_equal(random_bits(1, 2, 3, 10), random_bits(1, 2, 3, 1000)[:10])


def test_seed_epoch_and_stream_each_give_other_values():
    drawn = {tuple(random_bits(*key, 2)) for key in np.ndindex(3, 3, 3)}
    assert len(drawn) == 27


def test_fractions_fill_zero_to_one_evenly():
    fractions = random_fractions(5, 0, 0, 100_000)
    assert fractions.min() >= 0
    assert fractions.max() < 1
    counts, _ = np.histogram(fractions, bins=10, range=(0, 1))
    # Five standard deviations of a binomial count.
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(10_000 * 0.9)


def test_an_order_holds_every_position_once():
    order = random_order(3, 4, 257)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(257))


def test_positions_are_shuffled_evenly():
    first = np.bincount([random_order(0, epoch, 4)[0] for epoch in range(4000)])
    assert np.abs(first - 1000).max() < 5 * np.sqrt(1000 * 0.75)
