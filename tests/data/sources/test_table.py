"""Images listed in a CSV file, as people and programs write such files."""

import pytest
from PIL import Image

from cnnbench.data.sources.source import Request
from cnnbench.data.sources.table import TableSource
from cnnbench.errors import DataError

NAMES = ("a.png", "b.png", "c.png", "d.png")


@pytest.fixture
def photos(tmp_path):
    """Four grey images whose brightness is 10 times their number, from 1."""
    for number, name in enumerate(NAMES, 1):
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("L", (4, 3), 10 * number).save(tmp_path / "images" / name)
    return tmp_path


def write(folder, text, name="labels.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return Request(str(folder / name), color="grey")


def read(*given, **named):
    """{brightness: class} of all images."""
    data = TableSource().load(write(*given, **named))
    facts = TableSource().facts(write(*given, **named))
    assert (facts.shape, facts.classes) == ((3, 4, 1), data.classes)
    pairs = zip(data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), strict=True)
    return {brightness: data.classes[label] for brightness, label in pairs}


def refused(*given, **named):
    request = write(*given, **named)
    with pytest.raises(DataError) as late:
        TableSource().load(request)
    with pytest.raises(DataError) as early:
        TableSource().facts(request)
    assert str(late.value) == str(early.value)
    assert early.value.key == "source"
    assert "\n" not in str(early.value)
    return str(early.value)


PETS = {10: "cat", 20: "dog", 30: "cat", 40: "dog"}
ROWS = [(f"images/{name}", label) for name, label in zip(NAMES, PETS.values(), strict=True)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_usual_separator_is_found(photos, separator, end):
    lines = ["path" + separator + "label", *(separator.join(row) for row in ROWS)]
    assert read(photos, end.join(lines)) == PETS


@pytest.mark.parametrize(
    ("path", "label"),
    [("File Name", "Class"), ("image_id", "dx"), ("filepath", "category"), ("ID", "breed")],
)
def test_columns_are_found_by_their_usual_names_wherever_they_stand(photos, path, label):
    lines = [f"age;{label};{path}", *(f"3,5;{label};{path}" for path, label in ROWS)]
    assert read(photos, "\n".join(lines)) == PETS


def test_two_columns_without_names_are_told_apart_by_the_images(photos):
    assert read(photos, "\n".join(f"{label},{path}" for path, label in ROWS)) == PETS


def test_quotes_blank_lines_and_a_byte_order_mark_are_as_spreadsheets_write_them(photos):
    lines = [
        "\ufeffpath,label",
        "",
        *(f'"{path}", "{label}"'.replace(", ", ",") for path, label in ROWS),
    ]
    assert read(photos, "\n".join(lines) + "\n\n") == PETS
    tabs = "\n".join("\t".join(row) for row in [("path", "label"), *ROWS])
    assert read(photos, tabs, encoding="utf-16") == PETS


def test_a_separator_inside_a_class_name_does_not_mislead(photos):
    lines = ["path,label", *(f'{path},"{label}; small"' for path, label in ROWS)]
    assert set(read(photos, "\n".join(lines)).values()) == {"cat; small", "dog; small"}


def test_images_may_lie_in_a_folder_beside_the_file_and_lack_their_extension(photos):
    (photos / "another").mkdir()
    lines = ["id,breed", *(f"{path[7:-4]},{label}" for path, label in ROWS)]
    assert read(photos, "\n".join(lines)) == PETS
    assert (
        "Images are looked for in images."
        in TableSource().load(write(photos, "\n".join(lines))).notes
    )


def test_splits_that_the_file_has_are_kept(photos):
    splits = ("train", "Train", "val", "testing")
    lines = ["path,label,split", *(f"{p},{c},{s}" for (p, c), s in zip(ROWS, splits, strict=True))]
    request = write(photos, "\n".join(lines))
    data = TableSource().load(request)
    assert {k: data.images[v, 0, 0, 0].tolist() for k, v in data.fixed.items()} == {
        "train": [10, 20],
        "validation": [30],
        "test": [40],
    }
    assert TableSource().facts(request).count == {"train": 2, "validation": 1, "test": 1}


def test_other_labels_are_other_data(photos):
    lines = ["path,label", *map(",".join, ROWS)]
    first = TableSource().fingerprint(write(photos, "\n".join(lines)))
    assert first == TableSource().fingerprint(write(photos, "\n".join(lines) + "\n"))
    lines[1] = lines[1].replace("cat", "dog")
    assert first != TableSource().fingerprint(write(photos, "\n".join(lines)))


def test_an_image_that_is_not_there_is_skipped_and_named(photos):
    lines = ["path,label", *map(",".join, ROWS), "images/e.png,cat"]
    data = TableSource().load(write(photos, "\n".join(lines)))
    assert len(data.images) == 4
    assert any("1 of 5 images can't be read" in note and "e.png" in note for note in data.notes)


@pytest.mark.parametrize("path", ["../outside.png", "images/../../outside.png", "..\\outside.png"])
def test_a_path_that_leads_out_of_the_folder_is_refused_with_its_line(photos, path):
    inner = photos / "images"
    Image.new("L", (4, 3)).save(photos / "outside.png")
    lines = ["path,label", "a.png,cat", "b.png,dog", f"{path},dog"]
    assert "line 4 of " in (said := refused(inner, "\n".join(lines)))
    assert "leads out of its folder" in said


def test_an_absolute_path_counts_where_it_stays_inside(photos):
    lines = ["path,label", *(f"{photos / path},{label}" for path, label in ROWS)]
    assert read(photos, "\n".join(lines)) == PETS
    lines.append("/etc/hostname,dog")
    assert "line 6 of" in refused(photos, "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; expected is a first line with the names of the columns"),
        ("path,kind\nimages/a.png,cat", "has no column that says the class of each image"),
        ("photo,label\nimages/a.png,cat", "has no column that says where each image lies"),
        ("path,lable\nimages/a.png,cat", "did you mean 'label'?"),
        ("path,split\nimages/a.png,test", "has no column that says the class of each image"),
        ("label,patient\ncat,3", "has no column that says where each image lies"),
        ("path,label\nimages/a.png", "line 2 of "),
        ("path,label\nimages/a.png,", "has no label: fill it in or remove the line"),
        ("path,label\n", "lists no images; at least two classes are needed"),
        ("path,label\nimages/a.png,cat", "lists images of one class only, 'cat'"),
        ("path,label\nx/a.png,cat\nx/b.png,dog", "none of the first images that "),
        ("path,label,split\nimages/a.png,cat,tets", "did you mean 'test'?"),
        ("path,label\n" + "x" * 140_000 + ",cat", "can't be read: field larger than field limit"),
        ("path,label\nimages/\0.png,cat", "has no path"),
    ],
)
def test_what_is_no_table_of_images_is_refused_in_a_sentence(photos, text, said):
    assert said in refused(photos, text)


def test_other_encodings_and_missing_files_are_said(photos):
    assert "line 2 of " in (
        said := refused(photos, "path,label\nimages/a.png,Bär", encoding="cp1252")
    )
    assert "is not UTF-8" in said
    for path, reason in ((photos / "no.csv", "there is no file"), (photos, "is a folder")):
        with pytest.raises(DataError, match=reason):
            TableSource().facts(Request(str(path)))


def test_groups_that_drawn_splits_would_tear_apart_are_noted(photos):
    lines = ["path,label,patient_id", *(f"{path},{label}," for path, label in ROWS)]
    (note,) = TableSource().load(write(photos, "\n".join(lines))).notes
    assert note.startswith("Column patient_id does not keep images together by itself: drawn")
    assert note.endswith('data.groups = "patient_id" keeps each group in one split.')
    lines = ["path,label,group,split", *(f"{path},{label},1,train" for path, label in ROWS)]
    assert TableSource().load(write(photos, "\n".join(lines))).notes == ()
