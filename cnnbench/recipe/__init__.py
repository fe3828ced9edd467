"""A recipe, a study in TOML: read, merged, validated with every error at once."""
