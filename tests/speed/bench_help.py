"""How long `cnnbench --help` takes, against the smallest Typer program.

python tests/speed/bench_help.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from turns import by_turns, machine, process

SMALLEST = '''
import typer

app = typer.Typer()


@app.command()
def one(name: str) -> None:
    """Do one thing."""


@app.command()
def two(name: str) -> None:
    """Do another."""


app()
'''


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "smallest.py"
        program.write_text(SMALLEST)
        ours = [sys.executable, "-m", "cnnbench", "--help"]
        smallest = [sys.executable, str(program), "--help"]
        process(ours), process(smallest)  # compile and fill the disk cache
        print(f"--help against the smallest Typer program; {machine()}")
        sides = {"cnnbench": lambda: process(ours), "smallest": lambda: process(smallest)}
        by_turns(sides, 15, target=1.5)


if __name__ == "__main__":
    main()
