"""What records say: each variant's mean, its paired difference to a baseline, and every caveat."""
