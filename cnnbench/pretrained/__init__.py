"""Arrays that somebody trained before: found, read into the canonical layout, with provenance."""
