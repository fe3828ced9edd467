"""Which trials still need running, where, how many at once, and what happens when one dies."""
