"""Pictures of a comparison: each a function from a chapter to a `Picture`, drawn when asked for.

Figures are made without pyplot, so that no state outlives a call and no window is opened.
"""
