"""What `cnnbench plugins` prints."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from rich.console import Console

from cnnbench.loading.manager import load_plugins
from cnnbench.report.plugins import print_plugins

BACKENDS = """
class Ready(Backend):
    name = "ready"
    title = "A ready backend"

    def check(self):
        return Availability(
            available=True, versions={"frame": "3.1", "work": "2"}, devices=("cpu", "gpu")
        )

    def open(self, device, threads): ...

class Absent(Ready):
    name = "absent"
    title = "An absent backend"

    def check(self):
        return Availability(
            available=False, reason="Frame is not installed", install='pip install "frame[all]"'
        )

class Raising(Ready):
    name = "raising"

    def check(self):
        raise OSError("no driver")

class Panicking(Ready):
    name = "panicking"

    def check(self):
        class Panic(BaseException): ...
        raise Panic("unwrap")

class Vague(Ready):
    name = "vague"

    def check(self):
        return True

@hookimpl
def cnnbench_backends():
    return [Ready(), Absent(), Raising(), Panicking(), Vague()]
"""


def listing(**options: bool) -> str:
    """The text as on a wide terminal without colours."""
    console = Console(file=io.StringIO(), width=220)
    print_plugins(console, load_plugins(), **options)
    return console.file.getvalue()


def row(text: str, name: str) -> list[str]:
    """The row of a thing, in words."""
    (line,) = [x for x in text.splitlines() if x.split()[1:2] == [name]]
    return line.split()


@pytest.fixture
def backends(place):
    """Five backends, of which one can run."""
    place("five_backends", BACKENDS, distribution="five-backends", version="7.0")


def test_what_can_run_is_listed_with_versions_devices_and_origin(backends):
    text = listing()
    line = " ".join(row(text, "ready"))
    assert line == "backend ready yes A ready backend; frame 3.1, work 2; on cpu, gpu"
    heading = [x for x in text[: text.index("A ready backend")].splitlines() if x[:1] != " "][-1]
    assert heading == "five-backends 7.0"


def test_what_cannot_run_says_why_and_what_to_type(backends):
    text = listing()
    assert " ".join(row(text, "absent")).startswith(
        "backend absent no An absent backend; Frame is not installed"
    )
    assert '\n  absent: pip install "frame[all]"\n' in text


def test_a_check_that_fails_or_answers_nonsense_is_a_backend_that_cannot_run(backends):
    text = listing()
    assert "no" in row(text, "raising")
    assert "its check failed: OSError: no driver" in text
    assert "its check failed: Panic: unwrap" in text
    assert "its check returned a value of type bool, not Availability" in text


def test_sources_are_listed_with_their_argument():
    assert row(listing(), "folder:PATH")[:3] == ["source", "folder:PATH", "yes"]
    assert row(listing(), "digits")[:3] == ["source", "digits", "yes"]


def test_the_choices_of_an_argument_stand_in_the_description(place):
    place(
        "some_source",
        """
class Sets(DataSource):
    name = "sets"
    description = "some sets"
    argument = "one|another|a_third_with_a_long_name"

    def facts(self, request): ...
    def fingerprint(self, request): ...
    def load(self, request): ...

@hookimpl
def cnnbench_sources():
    return [Sets()]
""",
    )
    line = " ".join(row(listing(), "sets:NAME"))
    assert line == ("source sets:NAME yes some sets; NAME: one, another, a_third_with_a_long_name")


def test_a_base_is_listed_with_what_it_was_trained_on_its_accuracy_and_its_licence(place):
    place(
        "some_base",
        """
class Dots(PretrainedBase):
    name = "dots"
    description = "small"
    trained_on, licence, scaling = "dots", "MIT", SCALINGS["torch"]
    accuracy = PublishedAccuracy(0.5, "other dots", "a paper")

    def check(self):
        return Availability(available=True)

    def network(self, input_shape): ...
    def weights(self): ...

@hookimpl
def cnnbench_bases():
    return [Dots()]
""",
    )
    assert " ".join(row(listing(), "dots")) == (
        "base dots yes small; trained on dots; published accuracy 50.0% on other dots (a paper); "
        "licence: MIT"
    )


def test_a_tracker_is_listed_with_what_it_is_told(place):
    place(
        "some_tracker",
        """
@hookimpl
def cnnbench_trial_started(trial): ...

@hookimpl
def cnnbench_epoch_ended(trial): ...
""",
        entry_point="noter",
    )
    line = " ".join(row(listing(), "noter"))
    assert line == "tracker noter yes is told: epoch ended, trial started"


def test_without_any_backend_the_way_to_one_is_pointed_out(backends, monkeypatch):
    assert "There is no backend" not in listing()
    names = {point.name for point in entry_points(group="cnnbench")}
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", ",".join(names))
    shown = " ".join(listing().split())
    assert "There is no backend, so nothing can be trained; https://" in shown
    assert "/docs/how-to/install.md installs one." in shown


def test_broken_and_switched_off_plugins_stand_below(place, monkeypatch):
    place("zz_broken", "import a_module_that_is_nowhere  # [red]")
    place("zz_off", "")
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "zz_off")
    text = listing()
    assert (
        "Broken, and not used:\n  zz_broken (from zz_broken 1.2.3): it can't be imported: "
        "ModuleNotFoundError: No module named 'a_module_that_is_nowhere'\n"
    ) in text
    assert "Switched off by CNNBENCH_DISABLE_PLUGINS:\n  zz_off: zz_off 1.2.3\n" in text
    assert "Traceback" not in text


def test_a_name_that_two_plugins_bring_stands_below_with_both(place):
    place("four_backends", BACKENDS)
    place("one_more", BACKENDS + "\n@hookimpl\ndef cnnbench_backends():\n    return [Ready()]\n")
    text = listing()
    assert (
        "Brought by several, and not used:\n  ready: the backend 'ready' is brought by "
        "four_backends 1.2.3 and one_more 1.2.3, and none of them is used; switch off all but one: "
    ) in text
    assert row(text, "absent")[:3] == ["backend", "absent", "no"]
    assert "Broken" not in text


def test_what_else_is_to_know_of_plugins_stands_below(place, monkeypatch):
    place("empty_plugin", "")
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "xyzzy")
    text = listing()
    assert "\nThe plugin empty_plugin of empty_plugin 1.2.3 brings nothing: " in text
    assert "\nCNNBENCH_DISABLE_PLUGINS names 'xyzzy', but there is no such plugin.\n" in text


def test_the_tracebacks_of_broken_plugins_are_shown_on_request(place):
    place("zz_broken", "raise KeyError('[bold]')")
    text = listing(tracebacks=True)
    assert "Traceback (most recent call last)" in text
    assert "KeyError: '[bold]'" in text


@pytest.mark.slow
def test_the_command_imports_no_framework():
    heavy = {"keras", "torch", "tensorflow", "jax", "pandas", "scipy", "sklearn", "cv2"}
    code = (
        "import sys; sys.argv = ['cnnbench', 'plugins']\n"
        "from cnnbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_reader_that_takes_the_first_line_only_is_no_failure():
    program = f"{sys.executable} -m cnnbench plugins | head -1"
    run = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", program], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert len(run.stdout.splitlines()) == 1
