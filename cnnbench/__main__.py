"""`python -m cnnbench` is the `cnnbench` command."""

from cnnbench.cli import main

main()
