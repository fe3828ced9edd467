"""Networks as plain values: what a recipe describes, what a backend builds, what needs no framework."""
