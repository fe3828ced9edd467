"""The colours of pictures and pages: told apart by colour-blind readers, by day and by night.

The two hues are those of Okabe and Ito (2008) that differ most in lightness and in hue for all
common kinds of colour blindness; what they say always stands in words, signs or shapes, too.
"""

from __future__ import annotations

INK = "#1b1f24"
MUTED = "#59626c"
LINE = "#d3d9df"
BLUE = "#0067a5"
ORANGE = "#c25100"
BAND = "#e8ecf0"

VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    BLUE: "var(--blue)",
    ORANGE: "var(--orange)",
    BAND: "var(--band)",
}
"""What stands for a colour in a picture within a page, which may be dark or light."""

DAY = {"paper": "#ffffff", "card": "#f6f8fa"} | {
    name.removeprefix("var(--").removesuffix(")"): colour for colour, name in VARIABLES.items()
}
NIGHT = {
    "paper": "#14171b",
    "card": "#1c2127",
    "ink": "#e8ebee",
    "muted": "#a3adb8",
    "line": "#3a424b",
    "blue": "#66b8ee",
    "orange": "#f29a5b",
    "band": "#272e36",
}
