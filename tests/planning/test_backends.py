"""Where no backend is named and none is there, the message says how to come by one."""

from __future__ import annotations

import pytest

from cnnbench.errors import PluginError
from cnnbench.loading.plugins import Plugins
from cnnbench.loading.registry import Registry
from cnnbench.planning.backends import backends_meant


@pytest.mark.parametrize("asked", [[], ["all"]])
def test_without_a_backend_the_page_that_installs_one_is_named(asked, monkeypatch):
    monkeypatch.delenv("CNNBENCH_BACKEND", raising=False)
    with pytest.raises(PluginError, match=r"there is no backend, .*/docs/how-to/install\.md "):
        backends_meant(Plugins(Registry()), asked)


def test_a_plugin_that_is_not_there_is_answered_with_the_page_that_installs_them():
    with pytest.raises(PluginError, match=r"no backend 'torch'; .*/docs/how-to/install\.md how to"):
        Plugins(Registry()).backend("torch")
