"""Everything a command can use: what comes with cnnbench, and what plugins bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnbench.loading.plugins import Plugins


def installed_plugins() -> Plugins:
    """The built-in sources, executors, report formats and exporters, and the plugins'."""
    from cnnbench.execution.executors import BUILTIN_EXECUTORS
    from cnnbench.loading.manager import load_plugins
    from cnnbench.plugin.report_format import ReportFormat
    from cnnbench.report.formats import FORMATS
    from cnnbench.winner.onnx_exporter import BUILTIN_EXPORTERS

    formats = [
        ReportFormat(name, render, (render.__doc__ or "").partition("\n")[0].rstrip("."))
        for name, render in FORMATS.items()
    ]
    return load_plugins(
        executors=BUILTIN_EXECUTORS, report_formats=formats, exporters=BUILTIN_EXPORTERS
    )
