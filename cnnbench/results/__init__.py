"""Records on disk: append-only, readable, safe against being killed at any moment.

`store` writes one study's folder, `read` reads any number of them, `layout` names the files.
"""
