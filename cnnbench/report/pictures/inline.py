"""A drawing within a page: in the page's colours, small, and with a text alternative."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from cnnbench.report.pictures.palette import VARIABLES

_SVG = "http://www.w3.org/2000/svg"
_PIXELS_A_POINT = 96 / 72
_DECIMALS = re.compile(r"(\d\.\d\d?)\d+")
_NUMERIC = {"d", "x", "y", "width", "height", "transform", "points"}
_TURNED_BY_NOTHING = re.compile(r"rotate\(-?0(\.0)? [^)]*\)")
_FAMILY = re.compile(r"font-family:[^;]*;?\s*|(?<=px) '[^;]*")


def inline_svg(svg: str, name: str, alt: str) -> str:
    """What matplotlib wrote, fit to stand in a page.

    Colours become the page's variables, ids that nothing refers to go, the others begin with
    `name`, and what came from names of others stays text.
    """
    root = ET.fromstring(svg)  # noqa: S314 - written by matplotlib a moment ago
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    points = float(root.attrib["width"].removesuffix("pt"))
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {
        "xmlns": _SVG,
        "role": "img",
        "aria-label": alt,
        "viewBox": box,
        "style": f"width:{points * _PIXELS_A_POINT:.0f}px",
    }
    used = {value[1:] for x in root.iter() for key, value in x.items() if key.endswith("}href")}
    used |= {
        found[1]
        for x in root.iter()
        for value in x.attrib.values()
        if (found := re.search(r"url\(#([^)]+)\)", value))
    }
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element is not root:
            element.attrib = dict(_attributes(element, used, name))
        element.tail = None
        if element.tag != "text" and not (element.text or "").strip():
            element.text = None
    _unwrap(root)
    return ET.tostring(root, encoding="unicode")


def _attributes(element: ET.Element, used: set[str], name: str) -> list[tuple[str, str]]:
    """The same attributes without what a page has no use for."""
    kept = []
    for key, value in element.items():
        text = value
        if key == "id":
            if value not in used:
                continue
            text = f"{name}-{value}"
        elif key.endswith("}href"):
            text = f"#{name}-{value[1:]}"
        elif key in _NUMERIC:
            text = _TURNED_BY_NOTHING.sub("", _DECIMALS.sub(r"\1", value)).strip()
            text = " ".join(text.split())
            if not text:
                continue
        else:
            text = text.replace("url(#", f"url(#{name}-")
            text = _FAMILY.sub("", text)
            for colour, variable in VARIABLES.items():
                text = text.replace(colour, variable)
            text = text.replace(": ", ":").replace("; ", ";")
        kept.append((key.rpartition("}")[2], text))
    return kept


def _unwrap(parent: ET.Element) -> None:
    """Take away groups that say nothing, paths that show nothing, rules for a whole page."""
    for child in list(parent):
        if child.tag == "style" or child.get("style") == "fill:none":
            parent.remove(child)
            continue
        _unwrap(child)
        if child.tag == "defs" and not len(child):
            parent.remove(child)
    children: list[ET.Element] = []
    for child in parent:
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    parent[:] = children
