"""Records on disk: append-only, readable, safe against being killed at any moment."""
