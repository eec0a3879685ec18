"""The compositions a test picture can show: hills at dusk, orbits, tiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageOps

Palette = tuple[str, str, str, str, str]
"""Five colours from light to dark."""

Scene = Callable[[int, int, Palette, Random], Image.Image]

PALETTES: tuple[Palette, ...] = (
    ("#fde8c9", "#f6b38e", "#e0707a", "#7c4a7d", "#2c2350"),
    ("#e6f4f1", "#9fd8cb", "#4fa3a5", "#2b6777", "#12343b"),
    ("#fff1d6", "#ffc857", "#e9724c", "#c5283d", "#481d24"),
    ("#e8ecfb", "#a9b8f0", "#6c7ddc", "#45479f", "#1e1f4f"),
    ("#f3f7d9", "#c7dd8c", "#7fb069", "#3f7d58", "#173b33"),
    ("#fbe4ee", "#f1a7c4", "#d26a9c", "#8a3b7f", "#3a1a4a"),
    ("#e4f3fb", "#98cdea", "#4d93c9", "#2a5c94", "#10284b"),
    ("#f5ebe0", "#d9b99b", "#b07d62", "#774936", "#33201a"),
)


def hills(width: int, height: int, palette: Palette, random: Random) -> Image.Image:
    """A low sun over rows of hills."""
    canvas = _gradient(width, height, palette[2], palette[1], palette[0])
    _glowing_sun(canvas, palette, random)
    draw = ImageDraw.Draw(canvas)
    rows = 5
    for row in range(rows):
        share = row / (rows - 1)
        colour = _mix(_mix(palette[1], palette[2], 0.6), palette[4], share)
        base = height * (0.46 + 0.13 * row)
        draw.polygon(_ridge(width, height, base, random), fill=colour)
    return canvas


def orbits(width: int, height: int, palette: Palette, random: Random) -> Image.Image:
    """Rings around a star, with planets on them."""
    canvas = _gradient(width, height, palette[4], palette[3], palette[2])
    draw = ImageDraw.Draw(canvas)
    unit = min(width, height)
    for _ in range(90):
        x, y, radius = random.uniform(0, width), random.uniform(0, height), unit * random.uniform(0.001, 0.003)
        draw.ellipse(_around(x, y, radius), fill=_mix(palette[3], palette[0], random.uniform(0.4, 1)))
    centre_x, centre_y = width * random.uniform(0.38, 0.62), height * random.uniform(0.32, 0.44)
    for ring in range(5):
        radius = unit * (0.16 + 0.1 * ring)
        line = max(2, round(unit * 0.003))
        draw.ellipse(_around(centre_x, centre_y, radius), outline=_mix(palette[3], palette[1], 0.7), width=line)
        angle = random.uniform(0, math.tau)
        x, y = centre_x + radius * math.cos(angle), centre_y + radius * math.sin(angle)
        size = unit * random.uniform(0.018, 0.05)
        draw.ellipse(_around(x, y, size), fill=random.choice(palette[:3]))
        draw.pieslice(_around(x, y, size), 30, 210, fill=palette[2])
    for share, colour in ((0.1, palette[2]), (0.08, palette[1]), (0.058, palette[0])):
        draw.ellipse(_around(centre_x, centre_y, unit * share), fill=colour)
    return canvas


def tiles(width: int, height: int, palette: Palette, random: Random) -> Image.Image:
    """A wall of quarter circles, discs and squares."""
    canvas = Image.new("RGB", (width, height), palette[0])
    side = max(8, round(min(width, height) / 6))
    for top in range(0, height, side):
        for left in range(0, width, side):
            canvas.paste(_tile(side, palette, random), (left, top))
    return canvas


SCENES: tuple[Scene, ...] = (hills, orbits, tiles)


def _tile(side: int, palette: Palette, random: Random) -> Image.Image:
    ground, figure = random.sample(palette, 2)
    tile = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(tile)
    kind = random.randrange(5)
    if kind < 3:
        corner_x, corner_y = side * random.randrange(2), side * random.randrange(2)
        draw.ellipse(_around(corner_x, corner_y, side), fill=figure)
        draw.ellipse(_around(corner_x, corner_y, side * 0.5), fill=ground)
    elif kind == 3:
        draw.ellipse(_around(side / 2, side / 2, side * 0.32), fill=figure)
    else:
        draw.polygon([(0, 0), (side, 0), (0, side)], fill=figure)
    return tile


def _glowing_sun(canvas: Image.Image, palette: Palette, random: Random) -> None:
    width, height = canvas.size
    x, y = width * random.uniform(0.25, 0.75), height * random.uniform(0.2, 0.38)
    radius = min(width, height) * random.uniform(0.07, 0.11)
    glow_side = round(radius * 7)
    # Pillow's radial gradient is darkest in the corners; what lies outside the inscribed circle must be nothing.
    glow = ImageOps.invert(Image.radial_gradient("L")).point([max(0, value - 76) for value in range(256)])
    glow = glow.resize((glow_side, glow_side), Image.Resampling.BILINEAR)
    canvas.paste(palette[0], (round(x - glow_side / 2), round(y - glow_side / 2)), glow)
    ImageDraw.Draw(canvas).ellipse(_around(x, y, radius), fill=_mix(palette[0], "#ffffff", 0.6))


def _ridge(width: int, height: int, base: float, random: Random) -> list[tuple[float, float]]:
    waves = [(random.uniform(0.6, 3.4), random.uniform(0, math.tau), random.uniform(0.012, 0.04)) for _ in range(3)]
    steps = 96
    points = []
    for step in range(steps + 1):
        share = step / steps
        lift = sum(math.sin(share * math.tau * speed + shift) * size for speed, shift, size in waves)
        points.append((share * width, base + lift * height))
    return [*points, (width, height), (0, height)]


def _gradient(width: int, height: int, top: str, middle: str, bottom: str) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height), Image.Resampling.BILINEAR)
    return ImageOps.colorize(ramp, top, bottom, mid=middle)


def _around(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return (x - radius, y - radius, x + radius, y + radius)


def _mix(first: str, second: str, share: float) -> str:
    pairs = ((int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
