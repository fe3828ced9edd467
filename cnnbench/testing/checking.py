"""Running checks and keeping what they found."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from cnnbench.errors import PluginError
from cnnbench.testing.finding import Check, CheckResult, Failed, Finding, Unsupported
from cnnbench.testing.rig import Rig


def run_check(check: Check, rig: Rig) -> Finding:
    """Run one check; whatever the backend raises is a failure with its reason."""
    start = time.perf_counter()
    verdict, reason, trace = CheckResult.PASSED, "", ""
    try:
        check.run(rig)
    except Unsupported as missing:
        verdict, reason = CheckResult.UNSUPPORTED, str(missing)
    except Failed as failed:
        verdict, reason = CheckResult.FAILED, str(failed)
    except Exception as error:  # noqa: BLE001 - a backend may raise anything; the finding says what
        verdict, trace = CheckResult.FAILED, traceback.format_exc()
        reason = _raised(error)
    return Finding(check.name, check.about, verdict, reason, time.perf_counter() - start, trace)


def refusal(rig: Rig) -> str:
    """Why the backend does not open on this device, "" if it does."""
    try:
        _ = rig.engine
    except PluginError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - an error of the backend's, which the checks report
        return ""
    return ""


def _raised(error: Exception) -> str:
    """What the backend raised, and the line of its own that did."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    text = " ".join(str(error).split())
    place = f"{Path(last.filename).name}:{last.lineno}, in {last.name}"
    return (
        f"raised {type(error).__name__}: {text[:300]} ({place}); "
        "what a backend can't do it declares as a missing capability"
    )
