"""The executors that come with cnnbench."""

from __future__ import annotations

from cnnbench.execution.inline import InlineExecutor
from cnnbench.execution.local import LocalExecutor
from cnnbench.plugin.executor import Executor

BUILTIN_EXECUTORS: tuple[Executor, ...] = (LocalExecutor(), InlineExecutor())
