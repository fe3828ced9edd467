"""How long a folder of photos takes to be decoded into the cache, all that belongs to it included.

Reference: a plain loop over the same files in one process (open, convert, resize, to an array), its
time divided by the number of cores. It keeps nothing. Photos are generated: smooth scenes under
noise, saved as JPEG. The second part is a whole process, a second `run --dry-run` over a folder of
20,000 photos, beside a bare interpreter that imports pandas.

    python tests/speed/bench_decoding.py
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from turns import by_turns, machine, process

from cnnbench.data.sources.cache import VARIABLE, open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request
from cnnbench.processes import usable_cores

SHAPES = {
    "500x375 to 150x150": (500, 375, 150, 4000),
    "1600x1200 to 150x150": (1600, 1200, 150, 400),
}
ROUNDS = 5
MANY = 20_000
RECIPE = """
baseline = "convnet"
replicates = 2
[data]
source = "folder:{photos}"
image_size = [96, 96]
[[variant]]
name = "convnet"
[[variant]]
name = "slower"
training.learning_rate = 0.0001
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ[VARIABLE] = str(home / "cache")
        for shown, (width, height, size, count) in SHAPES.items():
            photos = home / shown
            write_photos(photos, width, height, count)
            print(f"{count:,} photos, {shown}, on {machine()}")
            by_turns(
                {
                    "cnnbench": lambda photos=photos, size=size: decode(photos, size),
                    "Pillow, 1 core / cores": lambda photos=photos, size=size: plain(photos, size),
                },
                ROUNDS,
                target=1.1,
                images=count,
            )
            shutil.rmtree(photos)
        start_again(home)


def start_again(home: Path) -> None:
    write_photos(home / "many", 160, 120, MANY)
    recipe = home / "many.toml"
    recipe.write_text(RECIPE.format(photos=home / "many"))
    run = [sys.executable, "-m", "cnnbench", "run", str(recipe), "--dry-run"]
    run += ["--backend", "torch-native", "--results", str(home / "results")]
    process(run)
    print(f"a second start over {MANY:,} photos, target under 2 s; {machine()}")
    reference = [sys.executable, "-c", "import pandas"]
    by_turns({"cnnbench": lambda: process(run), "pandas": lambda: process(reference)}, 9)


def decode(photos: Path, size: int) -> float:
    shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
    start = time.perf_counter()
    open_images(Folder(), Request(str(photos), (size, size)))
    return time.perf_counter() - start


def plain(photos: Path, size: int) -> float:
    files = sorted(photos.rglob("*.jpg"))
    start = time.perf_counter()
    for file in files:
        with Image.open(file) as image:
            np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    return (time.perf_counter() - start) / usable_cores()


def write_photos(folder: Path, width: int, height: int, count: int) -> None:
    """No two alike: each has a corner of its own."""
    draw = np.random.default_rng(0)
    scenes = []
    for _ in range(8):
        coarse = Image.fromarray(draw.integers(0, 256, (12, 16, 3)).astype(np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
        scenes.append(np.clip(smooth + draw.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8))
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        scene = scenes[number % len(scenes)].copy()
        scene[: height // 4, : width // 4] = draw.integers(0, 256, (1, 1, 3))
        Image.fromarray(scene).save(
            folder / ("cat", "dog")[number % 2] / f"{number}.jpg", quality=90
        )


if __name__ == "__main__":
    main()
