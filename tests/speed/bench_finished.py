"""How long running a finished recipe again takes, against a bare interpreter that imports pandas.

python tests/speed/bench_finished.py
"""

from __future__ import annotations

import sys
import tempfile

from turns import by_turns, machine, process


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "cnnbench", "run", "recipes/smoke.toml"]
        run += ["--backend", "torch", "--results", folder]
        process(run)
        reference = [sys.executable, "-c", "import pandas"]
        print(f"a finished recipe again, target under 1.5 s; {machine()}")
        by_turns({"cnnbench": lambda: process(run), "pandas": lambda: process(reference)}, 9)


if __name__ == "__main__":
    main()
