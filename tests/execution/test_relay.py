"""What a worker logs is logged by its starter."""

from __future__ import annotations

import logging

import pytest

from cnnbench.execution.relay import hand_over, take_up


@pytest.fixture
def package():
    package = logging.getLogger("cnnbench")
    before = (package.level, list(package.handlers))
    yield package
    package.setLevel(before[0])
    package.handlers[:] = before[1]


def test_a_line_is_sent_with_its_traceback_from_the_level_that_is_wanted(package):
    sent = []
    hand_over(lambda kind, **content: sent.append((kind, content)), logging.INFO)
    logging.getLogger("cnnbench.room").debug("not wanted")
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logging.getLogger("cnnbench.room").info("wanted", exc_info=True)
    ((kind, content),) = sent
    assert kind == "log"
    assert (content["name"], content["level"]) == ("cnnbench.room", logging.INFO)
    assert content["text"].startswith("wanted\nTraceback")


@pytest.mark.parametrize(
    ("name", "logger"), [("cnnbench.room", "cnnbench.room"), ("root", "cnnbench")]
)
def test_a_line_is_logged_below_cnnbench_with_its_process(caplog, name, logger):
    take_up({"kind": "log", "name": name, "level": logging.WARNING, "text": "50 % done"}, 7)
    assert caplog.record_tuples == [(logger, logging.WARNING, "[process 7] 50 % done")]


@pytest.mark.parametrize("message", [{}, {"name": "cnnbench", "level": "INFO", "text": "x"}])
def test_a_line_that_is_none_is_nonsense(message):
    with pytest.raises(ValueError, match="a log line that is none"):
        take_up({"kind": "log", **message}, 7)
