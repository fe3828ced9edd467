"""The report: one file that needs no network, made from a results folder and nothing else."""
