"""Folders that can't be written, made with the system's own means."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from cnnbench.errors import ResultsError
from cnnbench.results.read import read_results
from cnnbench.results.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts and limits of Linux")


@pytest.fixture
def mount(tmp_path):
    """Mounts a file system of its own, where the tests may."""
    mounted = []

    def make(*arguments):
        folder = tmp_path / "mounted"
        folder.mkdir(exist_ok=True)
        result = subprocess.run(
            ["mount", *arguments, folder], capture_output=True, text=True, check=False
        )
        if result.returncode:
            pytest.skip(f"mounting is not allowed here: {result.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def mount_file():
    """Makes a file read-only even for those who may do all, where the tests may."""
    mounted = []

    def make(path):
        command = ["mount", "--bind", "-o", "ro", path, path]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            pytest.skip(f"mounting is not allowed here: {result.stderr.strip()}")
        mounted.append(path)

    yield make
    for path in mounted:
        subprocess.run(["umount", path], check=True)


def test_a_full_disk_is_found_out_before_anything_is_trained(mount):
    folder = mount("-t", "tmpfs", "-o", "size=32k", "none")
    with pytest.raises(ResultsError, match="the disk is full"), Store(folder, "mnist", "torch"):
        pass


def test_a_disk_that_fills_up_keeps_what_was_recorded(mount, make_record):
    folder = mount("-t", "tmpfs", "-o", "size=256k", "none")
    noise = np.random.default_rng(0).random((1000, 10), np.float32)
    stored = []

    def fill(store):
        for number in range(20):
            store.append(
                make_record(f"t{number}"),
                predictions=noise,
                rows=np.arange(1000),
                labels=np.zeros(1000, np.int32),
            )
            stored.append(f"t{number}")

    with (
        Store(folder, "mnist", "torch") as store,
        pytest.raises(ResultsError, match="the disk is full") as caught,
    ):
        fill(store)
    assert stored
    assert str(store.folder) in str(caught.value)
    assert f"{len(stored)} trial" in str(caught.value)
    assert "the same command goes on" in str(caught.value)
    result = read_results([folder])
    assert [record.trial for record in result.records] == stored
    assert result.problems == ()
    for path in folder.rglob("*.npz"):  # the user makes room
        path.unlink()
    with store:
        assert store.done(stored) == set(stored)
        store.append(make_record("next"))


def test_a_line_that_does_not_fit_leaves_no_torn_line(mount, make_record):
    folder = mount("-t", "tmpfs", "-o", "size=256k", "none")
    with Store(folder, "mnist", "torch") as store:
        store.append(make_record("small"))
        with pytest.raises(ResultsError, match="the disk is full"):
            store.append(make_record("large", reason="x" * 300_000))
    result = read_results([folder])
    assert [record.trial for record in result.records] == ["small"]
    assert result.problems == ()


def test_a_read_only_file_system_is_named(mount, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    folder = mount("--bind", "-o", "ro", source)
    with pytest.raises(ResultsError, match="read-only") as caught, Store(folder, "mnist", "torch"):
        pass
    assert str(folder) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ResultsError, match="no permission"), Store(tmp_path, "mnist", "torch"):
        pass
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("at", ["", "mnist", "mnist/torch", "mnist/torch/history", "environments"])
def test_a_file_where_a_folder_belongs_is_named(tmp_path, at):
    place = tmp_path / "results" / at
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("not a folder")
    with (
        pytest.raises(ResultsError, match="is a file, not a folder"),
        Store(tmp_path / "results", "mnist", "torch"),
    ):
        pass


def test_a_folder_where_the_records_belong_is_named(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        (store.folder / "records.jsonl").mkdir()
        with pytest.raises(ResultsError, match="is a directory"):
            store.append(make_record())


def test_records_that_can_not_be_appended_to_are_found_out_before_anything_is_trained(
    tmp_path, mount_file, make_record
):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record())
    mount_file(store.folder / "records.jsonl")
    with (
        pytest.raises(ResultsError, match=r"can't be appended to .*records\.jsonl: .*read-only"),
        Store(tmp_path, "mnist", "torch"),
    ):
        pass


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path):
    program = """
        import resource, sys
        from pathlib import Path
        from cnnbench.errors import ResultsError
        from cnnbench.results.record import Record
        from cnnbench.results.store import Store

        def record(number):
            return Record(trial=f"t{number}", recipe="mnist", variant="plain", replicate=0,
                          backend="torch", status="ok", reason="x" * 50_000)

        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))
        with Store(Path(sys.argv[1]), "mnist", "torch") as store:
            try:
                for number in range(5):
                    store.append(record(number))
            except ResultsError as error:
                print(error)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "trial t2 can't be stored" in run.stdout
    assert "beyond the allowed size" in run.stdout
    assert "2 trials are recorded there" in run.stdout
    result = read_results([tmp_path])
    assert (len(result.records), result.problems) == (2, ())
