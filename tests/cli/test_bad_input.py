"""What a user can get wrong: one clear sentence, exit code 2, nothing trained, no traceback."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.fixture
def refused(command):
    """Give a command line that must be refused; return the sentence."""

    def refused(*arguments):
        code, _, errors = command(*arguments)
        assert code == 2, errors
        assert "Traceback" not in errors
        return errors

    return refused


def photos(folder, number=8):
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for index in range(number):
            pixels = random.integers(0, 255, (10, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def run(path, *options):
    return ("run", path, "--backend", "scripted", *options)


def test_every_mistake_in_a_recipe_is_listed_with_its_line(refused, recipe):
    path = recipe()
    text = path.read_text().replace("filters", "filtres").replace("epochs = 2", 'epochs = "two"')
    path.write_text(text.replace("replicates", "replicats"))
    said = refused(*run(path))
    assert said.startswith("cnnbench: 3 mistakes:")
    assert "tiny.toml:3: replicats: unknown key; did you mean 'replicates'?" in said
    assert "tiny.toml:10: network.filtres: unknown key; did you mean 'filters'?" in said
    assert 'training.epochs: got "two" (text), expected a whole number from 1 to 1000000' in said


def test_broken_toml_is_named_with_its_line(refused, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('[data]\nsource = "digits\n')
    assert "broken.toml:2: not valid TOML" in refused(*run(path))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--set", "training.epochz=3"], "training.epochz: unknown key; did you mean 'epochs'?"),
        (["--set", "network.kernel=9"], "conv_1 has a kernel of 9x9, but its input is only 8x8x1"),
        (["--set", "data.train=9000"], "train asks for 9,000 images"),
        (["--epochs", "3"], "a key of the recipe: --set training.epochs=3"),
        (["--lr=0.1"], "a key of the recipe: --set training.learning_rate=0.1"),
        (["--set", "training.bs=8"], "did you mean 'batch_size'?"),
        (["--bakend", "x"], "there is no option --bakend; did you mean '--backend'?"),
        (["--device", "cuda:1"], "CUDA_VISIBLE_DEVICES=1"),
        (["--device", "mps"], "give --device cpu"),
        (["--variant", "othr"], "did you mean 'other'?"),
        (["--variant", "good, othr"], "--variant othr:"),
        (
            ["--variant", "good,othr"],
            "no such variant; did you mean 'other'? variants: good, other",
        ),
        (["--variant", ","], "no such variant; variants: good, other"),
        (["--data", "digitz"], "there is no source 'digitz'; did you mean 'digits'?"),
        (["--data", "folder:nowhere"], "nowhere does not exist"),
        (["--data", "npz:nothing.npz"], "nothing.npz"),
        (["--executor", "lokal"], "there is no executor 'lokal'; did you mean 'local'?"),
        (["--executor", "inline", "--timeout", "9"], "executor inline can't keep a timeout"),
        (["--executor", "inline", "--jobs", "2"], "executor inline runs one trial at a time"),
        (["--executor", "inline", "--backend", "rounded"], "give the command once for each"),
    ],
    ids=str,
)
def test_wrong_options_are_answered_with_what_would_be_right(refused, recipe, options, sentence):
    assert sentence in refused(*run(recipe(), *options))


def test_an_unknown_backend_is_answered_with_the_nearest(refused, recipe):
    said = refused("run", recipe(), "--backend", "scriptd")
    assert "there is no backend 'scriptd'; did you mean 'scripted'?" in said


def test_a_network_larger_than_the_machine_is_refused_before_anything_trains(refused, recipe):
    said = refused(*run(recipe(), "--set", "network.dense=[1000000, 1000000]"))
    assert "network.dense: variant 'good' has 1,000,0" in said
    assert "parameters, which take 7,4" in said
    assert "1,000,001,000,000, are those of dense_2" in said


def test_backends_may_be_given_with_commas(command, recipe):
    _, output, _ = command("run", recipe(), "--backend", "scripted, rounded", "--dry-run")
    assert "on scripted, rounded: 8 trials" in output


def test_a_variant_runs_with_its_baseline_and_some_replicates(command, recipe):
    path = recipe()
    path.write_text(path.read_text() + '[[variant]]\nname = "third"\ntraining.epochs = 3\n')
    _, output, _ = command(*run(path), "--variant", "third", "--replicates", "1", "-n")
    assert "2 of 3 variants x 1 replicate on scripted: 2 trials" in output
    assert "other" not in output


def test_variants_may_be_given_with_commas_and_have_them_in_their_names(command, recipe):
    path = recipe()
    names = ("third", "wide, deep", "wide")
    more = (f'[[variant]]\nname = "{x}"\ntraining.epochs = {n}\n' for n, x in enumerate(names, 3))
    path.write_text(path.read_text() + "".join(more))

    def trials(*names):
        options = (word for name in names for word in ("--variant", name))
        _, output, _ = command(*run(path), *options, "-n")
        return output

    assert "3 of 5 variants x 2 replicates" in trials("other,third")
    assert trials("other, third") == trials("other", "third") == trials("third,other", "other")
    assert "2 of 5 variants x 2 replicates" in trials("wide, deep")


def test_the_environment_chooses_a_backend_and_is_named(command, recipe, monkeypatch):
    monkeypatch.setenv("CNNBENCH_BACKEND", "scripted,rounded")
    _, output, _ = command("run", recipe(), "-n")
    assert "on scripted, rounded" in output
    assert "as CNNBENCH_BACKEND says" in output


def test_recipes_of_one_name_are_refused(refused, recipe, tmp_path):
    path = recipe()
    other = tmp_path / "deep" / path.name
    other.parent.mkdir()
    other.write_text(path.read_text())
    assert "two of the recipes are called tiny" in refused(*run(path), other)


def test_a_backend_is_found_by_the_words_of_its_title(refused, recipe):
    said = refused("run", recipe(), "--backend", "tf")
    assert "did you mean 'tensorflow'?" in said
    said = refused("run", recipe(), "--backend", "keras")
    assert "did you mean 'torch' or 'tensorflow' or 'jax'?" in said


def test_a_backend_without_its_framework_says_what_to_install(refused, recipe):
    said = refused("run", recipe(), "--backend", "absent")
    assert "its framework is not installed; install it with: pip install it" in said


def test_an_unknown_variant_is_answered_with_the_nearest(refused, recipe):
    assert "did you mean 'good'?" in refused("describe", recipe(), "--variant", "god")


def test_an_empty_folder_is_told_how_it_should_look(refused, recipe, tmp_path):
    (tmp_path / "empty").mkdir()
    said = refused(*run(recipe(), "--data", "folder:empty"))
    assert "holds no images; expected is a folder for each class" in said


def test_images_that_cant_be_read_are_named_and_skipped_or_refused(command, recipe, tmp_path):
    folder = photos(tmp_path / "photos")
    (folder / "cat" / "cut.png").write_bytes((folder / "cat" / "0.png").read_bytes()[:100])
    # 12 kB that are 100 MB decoded.
    Image.new("1", (10_000, 10_000)).save(folder / "dog" / "bomb.png")
    sizes = ["image_size=[8,8]", "color='grey'", "train=8", "validation=2", "test=4"]
    options = [part for size in sizes for part in ("--set", f"data.{size}")]
    arguments = run(recipe(), "--data", "folder:photos", *options, "--dry-run")
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    assert "2 of 18 images can't be read and are skipped" in done.stdout
    assert "cat/cut.png" in done.stdout
    assert "dog/bomb.png" in done.stdout
    code, _, errors = command(*arguments, "--set", "data.unreadable='error'")
    assert code == 2
    assert "cat/cut.png" in errors


def test_results_that_cant_be_written_are_said_before_anything_trains(refused, recipe, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = refused(*run(recipe(), "--results", tmp_path / "file" / "results"))
    assert "a part of that path is a file, not a folder" in said
    assert "/proc/nowhere" in refused(*run(recipe(), "--results", "/proc/nowhere"))


def test_every_backend_s_folder_is_proved_before_the_first_trains(refused, recipe, tmp_path):
    folder = tmp_path / "results" / "tiny"
    folder.mkdir(parents=True)
    (folder / "rounded").write_text("in the way")
    said = refused(*run(recipe(), "--backend", "rounded"))
    assert "results can't be written to results/tiny/rounded" in said
    assert not (folder / "scripted" / "records.jsonl").exists()


def test_jobs_that_exclusive_trials_overrule_are_noted(command, recipe):
    exclusive = ["--set", "evaluation.exclusive=true", "--dry-run"]
    _, output, _ = command(*run(recipe(), *exclusive, "--jobs", "4"))
    assert (
        "note: the recipe asks for evaluation.exclusive: one trial runs at a time, not 4" in output
    )
    _, output, _ = command(*run(recipe(), *exclusive))
    assert "note" not in output


def test_comparing_nothing_says_how_to_make_records(refused, tmp_path):
    (tmp_path / "results").mkdir()
    assert "there are no records in results; make some with" in refused("compare", "results")
    assert "there is no file or folder nowhere" in refused("compare", "nowhere")


@pytest.mark.slow
def test_a_record_cut_in_the_middle_is_reported_and_run_again(
    command, recipe, tmp_path, monkeypatch
):
    import cnnbench

    asked = {"backend": "scripted", "results": tmp_path / "results", "executor": "inline"}
    cnnbench.run(recipe(), **asked)
    records = tmp_path / "results" / "tiny" / "scripted" / "records.jsonl"
    whole = records.read_bytes()
    records.write_bytes(whole[:-200])
    code, output, _ = command("compare", "results")
    assert code == 0
    assert "3 of 4" in output or "cut" in output or "half" in output, output
    again = cnnbench.run(recipe(), **asked)
    assert [record.status for record in again] == ["ok"] * 4
    assert len(records.read_bytes().splitlines()) == 5


def test_fewer_than_two_backends_have_no_parity(refused, recipe):
    assert "at least two backends" in refused("parity", recipe(), "--backend", "scripted")


def test_a_recipe_that_is_not_there_is_said_before_a_backend_is_asked_for(refused):
    assert "there is no such file" in refused("run", "nowhere.toml")
