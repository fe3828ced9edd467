from __future__ import annotations

import json
import platform

import cv2
import numpy as np

from cnnbench.results.environment import environment_key, machine_environment


def test_the_environment_names_versions_and_machine():
    environment = machine_environment()
    assert environment["numpy"] == np.__version__
    assert environment["python"] == platform.python_version()
    assert str(environment["opencv"]).startswith(cv2.__version__)
    assert environment["cpu"]
    assert environment["machine"] == platform.node()
    assert environment["cores"] >= 1
    assert environment["memory_gib"] > 0


def test_the_environment_is_plain_json():
    environment = machine_environment()
    assert json.loads(json.dumps(environment)) == environment


def test_the_key_depends_on_the_content_and_not_on_its_order():
    key = environment_key({"python": "3.11", "cores": 2})
    assert key == environment_key({"cores": 2, "python": "3.11"})
    assert key != environment_key({"cores": 4, "python": "3.11"})
    assert len(key) == 12
