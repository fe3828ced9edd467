"""Standard output fails in every way it can: a sentence and exit code 1, and trials go on."""

import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("scripted_path"),
    pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk to write to"),  # noqa: PTH110
]
FULL = "Standard output can't be written: the disk is full"
CLOSED = "Standard output can't be written: it is closed"
GONE = "Nobody reads the output any more"


def into(redirection, *arguments, folder, **environment):
    """Give a command with its output redirected as in a shell."""
    program = f'exec "$0" -m cnnbench "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", program, sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
    )


COMMANDS = {
    "plugins": ["plugins"],
    "describe": ["describe", "tiny.toml"],
    "look": ["look", "tiny.toml"],
    "schema": ["schema"],
    "check": ["check", "scripted", "--only", "dense"],
    "parity": ["parity", "tiny.toml", "--backend", "scripted", "--backend", "rounded"],
    "new": ["new", "plugin", "mine"],
    "dry run": ["run", "tiny.toml", "--backend", "scripted", "--dry-run"],
    "help": ["--help"],
}


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_where_no_width_is_known_something_is_printed_all_the_same(recipe, tmp_path, columns):
    recipe()
    done = into("", *COMMANDS["dry run"], folder=tmp_path, COLUMNS=columns)
    assert "nothing was trained" in done.stdout


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_every_command_answers_a_full_disk_with_a_sentence(recipe, tmp_path, arguments):
    recipe()
    done = into("> /dev/full", *arguments, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert FULL in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("redirection", "sentence"),
    [("> /dev/full", FULL), (">&-", CLOSED), ("1</dev/null", "Standard output can't be written")],
)
def test_a_run_goes_on_and_records_every_trial(recipe, tmp_path, redirection, sentence):
    run = ["run", recipe(), "--backend", "scripted", "--results", tmp_path / "results"]
    done = into(redirection, *run, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert sentence in done.stderr
    assert "the trials go on" in done.stderr
    records = tmp_path / "results" / "tiny" / "scripted" / "records.jsonl"
    assert len(records.read_text().splitlines()) == 4
    again = into("> /dev/full", "compare", "results", folder=tmp_path)
    assert (again.returncode, again.stderr.strip()) == (1, f"{FULL}.")


@pytest.mark.parametrize("redirection", ["2> /dev/full", "2>&-", ">&- 2>&- <&-"])
def test_nor_does_standard_error_end_a_run(recipe, tmp_path, redirection):
    run = ["run", recipe(7.0), "--backend", "scripted", "--results", tmp_path / "results"]
    done = into(redirection, *run, folder=tmp_path)
    assert done.returncode == 1
    records = tmp_path / "results" / "tiny" / "scripted" / "records.jsonl"
    assert len(records.read_text().splitlines()) == 4


def test_a_reader_that_leaves_a_long_output_is_told_of(tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "cnnbench", "schema"]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, f"{GONE}.\n")


def test_a_terminal_that_is_busy_is_waited_for(tmp_path):
    read, write = os.pipe()
    os.set_blocking(write, False)
    command = [sys.executable, "-m", "cnnbench", "schema"]
    process = subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(write)
    with os.fdopen(read, "rb") as reader:
        text = reader.read()
    assert process.wait() == 0, process.stderr.read()
    process.stderr.close()
    assert text.rstrip().endswith(b"}")
