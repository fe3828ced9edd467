"""The rule by which a comparison is judged: pure functions from paired differences to verdicts.

`sample` says what differences say about their mean, `schedule` when they may be looked at and what
that costs, `holm` what comparing several times costs, `judge` puts them together.
"""
