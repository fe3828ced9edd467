"""Lines of Python without imports, docstrings, comments and blank lines.

python tests/speed/bare_lines.py plugins/cnnbench-torch-native/cnnbench_torch_native
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

BETWEEN = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def main() -> None:
    total = 0
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*.py")):
            count = len(bare_lines(path.read_text(encoding="utf-8")))
            print(f"{count:6,}  {path}")
            total += count
    print(f"{total:6,}  in all")


def bare_lines(code: str) -> set[int]:
    """The numbers of the lines that count."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type not in BETWEEN:
            lines |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(code)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            text and isinstance(node.value.value, str)
        ):
            lines -= {*range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return lines


if __name__ == "__main__":
    main()
