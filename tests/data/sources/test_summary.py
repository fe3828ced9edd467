"""What is known of the images, in a line."""

from cnnbench.data.sources.source import Facts
from cnnbench.data.sources.summary import in_words, summary_line


def test_classes_are_named_with_their_images():
    facts = Facts((24, 24, 3), ("cat", "dog"), {"all": 1220}, {"all": (20, 1200)})
    assert summary_line(facts) == "1,220 images of 24x24x3 in 2 classes: cat 20, dog 1,200"
    assert summary_line(facts, ("dog",)).endswith("1,200 images of 24x24x3 in 1 classes: dog 1,200")


def test_given_splits_are_told_apart():
    counts = {"train": (5, 6), "test": (2, 0)}
    facts = Facts((8, 8, 1), ("cat", "dog"), {"train": 11, "test": 2}, counts)
    line = "13 images of 8x8x1 in 2 classes (train + test): cat 5+2, dog 6+0"
    assert summary_line(facts) == line


def test_of_many_classes_the_first_are_named():
    names = tuple(f"class{number}" for number in range(100))
    facts = Facts((8, 8, 1), names, {"all": 300}, {"all": (3,) * 100})
    assert summary_line(facts).endswith("class9 3 and 90 more")


def test_what_is_said_of_images_is_said_of_signals_but_for_names_of_classes():
    said = "class 'image' has no image among 3 images; set image_size"
    assert in_words(said, signals=False) == said
    assert in_words(said, signals=True) == (
        "class 'image' has no signal among 3 signals; set image_size"
    )
