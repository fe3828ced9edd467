"""How a synthetic weather photo is drawn; colours are RGB in 0..1."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]
"""Shape (height, width) or, a picture, (height, width, 3)."""
LANDS = ((0.22, 0.36, 0.16), (0.40, 0.36, 0.22), (0.20, 0.30, 0.38), (0.36, 0.36, 0.36))
"""Meadow, dry grass, sea, town."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What a kind of sky looks like: ranges to draw from, chosen to overlap between kinds.

    top, bottom: colours of the sky. cover: fraction of it under clouds. cloud: their grey.
    sun: chance that it is in the picture. height: of the sun over the horizon, fraction of the sky.
    rain, fog: strength. light: of the land.
    """

    top: tuple[float, float, float]
    bottom: tuple[float, float, float]
    cover: tuple[float, float]
    cloud: tuple[float, float]
    sun: float
    height: tuple[float, float]
    rain: tuple[float, float]
    fog: tuple[float, float]
    light: tuple[float, float]


WEATHERS = {
    "cloudy": Weather(
        (0.42, 0.55, 0.74), (0.70, 0.76, 0.82), (0.55, 1.0), (0.55, 0.95), 0.15, (0.4, 0.9),
        (0.0, 0.0), (0.0, 0.25), (0.55, 0.95),
    ),
    "foggy": Weather(
        (0.66, 0.69, 0.72), (0.78, 0.79, 0.80), (0.3, 1.0), (0.65, 0.85), 0.25, (0.1, 0.8),
        (0.0, 0.0), (0.5, 0.95), (0.45, 0.85),
    ),
    "rainy": Weather(
        (0.36, 0.42, 0.50), (0.58, 0.62, 0.66), (0.6, 1.0), (0.40, 0.75), 0.0, (0.4, 0.9),
        (0.25, 0.65), (0.05, 0.4), (0.35, 0.75),
    ),
    "shine": Weather(
        (0.22, 0.46, 0.82), (0.62, 0.78, 0.92), (0.0, 0.55), (0.85, 1.0), 0.55, (0.3, 0.95),
        (0.0, 0.0), (0.0, 0.2), (0.7, 1.15),
    ),
    "sunrise": Weather(
        (0.36, 0.40, 0.62), (0.93, 0.62, 0.38), (0.1, 0.75), (0.55, 0.9), 0.7, (0.0, 0.35),
        (0.0, 0.0), (0.0, 0.35), (0.15, 0.6),
    ),
}  # fmt: skip


def draw_scene(kind: str, height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """One photo, uint8, shape (height, width, 3), determined by the arguments."""
    weather = WEATHERS[kind]
    rng = np.random.default_rng([seed, height, width])
    horizon = _horizon(rng, height, width)
    rows = np.arange(height)[:, None]
    depth = np.clip(rows / np.maximum(horizon, 1), 0, 1)

    top = np.array(weather.top) + rng.normal(0, 0.04, 3)
    bottom = np.array(weather.bottom) + rng.normal(0, 0.04, 3)
    picture = top + (bottom - top) * (depth**1.5)[..., None]
    if rng.random() < weather.sun:
        picture = _with_sun(rng, picture, horizon, weather)
    picture = _with_clouds(rng, picture, bottom, weather)
    picture = _with_land(rng, picture, horizon, weather)
    picture = _with_fog(rng, picture, horizon, weather)
    picture = _with_rain(rng, picture, weather)
    return _photographed(rng, picture)


def _horizon(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Row of the horizon in each column, with hills."""
    x = np.linspace(0, 1, width)
    line = np.full(width, rng.uniform(0.5, 0.85))
    for frequency in (1, 2, 5):
        amplitude = rng.uniform(0, 0.06) / frequency**0.5
        line += amplitude * np.sin(2 * np.pi * (frequency * x + rng.random()))
    return (line * height).astype(np.float64)[None, :]


def _with_sun(rng: np.random.Generator, picture: Plane, horizon: Plane, weather: Weather) -> Plane:
    height, width = picture.shape[:2]
    column = rng.uniform(0.05, 0.95) * width
    row = float(horizon.mean()) * (1 - rng.uniform(*weather.height))
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - row, columns - column) / height
    radius = rng.uniform(0.03, 0.08)
    disc = np.clip((radius - distance) * 20 + 0.5, 0, 1)
    glow = rng.uniform(0.2, 0.6) * np.exp(-distance / rng.uniform(0.1, 0.3))
    tint = np.array(weather.bottom) * 0.3 + 0.7
    return np.asarray(picture + (disc + glow)[..., None] * (tint - picture * 0.6))


def _with_clouds(
    rng: np.random.Generator, picture: Plane, bottom: Plane, weather: Weather
) -> Plane:
    cover = rng.uniform(*weather.cover)
    noise = _noise(rng, *picture.shape[:2])
    edge = np.quantile(noise, 1 - cover)
    opacity = np.clip((noise - edge) * 6, 0, 1) * rng.uniform(0.6, 0.95)
    shade = rng.uniform(*weather.cloud) * (0.8 + 0.4 * noise)
    cloud = shade[..., None] * (0.75 + 0.25 * bottom / max(float(bottom.mean()), 0.1))
    return picture + opacity[..., None] * (cloud - picture)


def _with_land(rng: np.random.Generator, picture: Plane, horizon: Plane, weather: Weather) -> Plane:
    height, width = picture.shape[:2]
    color = np.array(LANDS[rng.integers(len(LANDS))]) + rng.normal(0, 0.05, 3)
    texture = 0.6 + 0.8 * _noise(rng, height, width)
    land = rng.uniform(*weather.light) * texture[..., None] * color
    is_land = np.clip(np.arange(height)[:, None] - horizon, 0, 1)[..., None]
    return np.asarray(picture + is_land * (land - picture))


def _with_fog(rng: np.random.Generator, picture: Plane, horizon: Plane, weather: Weather) -> Plane:
    """Fog hides most at the horizon, where one looks through most of it."""
    rows = np.arange(len(picture))[:, None]
    nearness = np.abs(rows - horizon) / len(picture)
    density = rng.uniform(*weather.fog) * np.exp(-nearness * rng.uniform(0.3, 2.0))
    grey = rng.uniform(0.6, 0.85) + rng.normal(0, 0.02, 3)
    return np.asarray(picture + density[..., None] * (grey - picture))


def _with_rain(rng: np.random.Generator, picture: Plane, weather: Weather) -> Plane:
    """Slanted streaks: sparse drops smeared along a line."""
    strength = rng.uniform(*weather.rain)
    if strength == 0:
        return picture
    height, width = picture.shape[:2]
    length = max(3, int(height * rng.uniform(0.06, 0.16)))
    kernel = np.zeros((length, length))
    slant = int(length * rng.uniform(-0.4, 0.4))
    middle = length // 2
    cv2.line(kernel, (middle - slant // 2, 0), (middle + slant // 2, length - 1), 1.0)
    drops = (rng.random((height, width)) < rng.uniform(0.01, 0.04)).astype(np.float64)
    streaks = np.clip(cv2.filter2D(drops, -1, kernel), 0, 1)
    return np.asarray(picture + strength * streaks[..., None] * (0.9 - picture))


def _photographed(rng: np.random.Generator, picture: Plane) -> NDArray[np.uint8]:
    """What a camera makes of it: exposure, white balance, focus, noise."""
    picture = picture * rng.uniform(0.8, 1.15) * (1 + rng.normal(0, 0.025, 3))
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.9))
    picture = picture + rng.normal(0, rng.uniform(0.005, 0.03), picture.shape)
    return np.asarray(np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def _noise(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Cloud-like noise in 0..1: random grids of growing fineness, wide rather than high."""
    total = np.zeros((height, width))
    for octave in range(4):
        grid = rng.random((2 * 2**octave + 1, 2**octave + 2))
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, high = total.min(), total.max()
    return np.asarray((total - low) / max(float(high - low), 1e-6))
