"""What the face camera sees of a recording session: the room, the light, the shirt, its own place."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from data.sample.script import generator

SHIRTS = (
    (52, 110, 180),
    (176, 72, 60),
    (70, 130, 80),
    (230, 190, 80),
    (120, 84, 160),
    (60, 62, 72),
    (214, 214, 206),
)
WALLS = ((74, 86, 120), (120, 96, 88), (84, 108, 98), (98, 80, 122), (132, 126, 112))
STRIPS = ((255, 80, 200), (80, 220, 255), (120, 255, 140), (255, 170, 60))


@dataclass(frozen=True)
class Look:
    """How one recording session looks: colours are RGB, 0 to 255; places in heights of the picture."""

    shirt: tuple[int, int, int]
    wall: tuple[int, int, int]
    strip: tuple[int, int, int]
    gain: float
    warmth: float
    light_from: float
    zoom: float
    x: float
    y: float
    noise: float
    mirrored: bool


def choose_look(seed: int, session: str) -> Look:
    """The look of a recording session: clips of one session share it."""
    rng = generator(seed, f"session/{session}")
    return Look(
        shirt=SHIRTS[rng.integers(len(SHIRTS))],
        wall=WALLS[rng.integers(len(WALLS))],
        strip=STRIPS[rng.integers(len(STRIPS))],
        gain=rng.uniform(0.78, 1.12),
        warmth=rng.uniform(-6, 8),
        light_from=rng.uniform(-1, 1),
        zoom=rng.uniform(0.92, 1.18),
        x=rng.uniform(-0.09, 0.09),
        y=rng.uniform(-0.02, 0.05),
        noise=rng.uniform(0.5, 2.5),
        mirrored=bool(rng.integers(2)),
    )


def draw_room(look: Look, width: int, height: int) -> Image.Image:
    """The wall behind the streamer, out of focus: shelf, plant, poster, lamp and a strip of coloured light.

    Returns
    -------
    RGB image of width x height pixels
    """
    wall = np.array(look.wall, np.float32)
    y, x = np.mgrid[0 : 1 : 1j * height, 0 : width / height : 1j * width].astype(np.float32)
    shade = 0.95 - 0.35 * y
    pixels = wall * shade[..., None]
    right = width / height
    pixels += np.array(look.strip, np.float32) * (0.35 * np.exp(-y * 9))[..., None]
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)

    def box(left: float, top: float, w: float, h: float, colour: tuple[int, int, int]) -> None:
        draw.rectangle([left * height, top * height, (left + w) * height, (top + h) * height], fill=colour)

    def shape(points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        draw.polygon([(x * height, y * height) for x, y in points], fill=colour)

    box(0, 0, right, 0.018, look.strip)
    wood = (104, 70, 46)
    for shelf in (0.27, 0.56):
        left = 0.04
        for number in range(6):
            book = 0.03 + 0.012 * ((number * 5 + int(shelf * 100)) % 3)
            tall = 0.10 + 0.022 * ((number * 7) % 4)
            colour = (SHIRTS + STRIPS)[(number * 4 + int(shelf * 10)) % 9]
            box(left, shelf - tall, book, tall, tuple(int(0.7 * part) for part in colour))
            left += book + 0.006
        box(0.0, shelf, 0.36, 0.025, wood)
    for angle in np.linspace(-1.1, 1.1, 7):
        tip = (0.33 + 0.10 * np.sin(angle)) * height, (0.47 - 0.12 * np.cos(angle)) * height
        draw.line([(0.33 * height, 0.52 * height), tip], fill=(60, 128, 70), width=max(2, height // 40))
    box(0.305, 0.50, 0.05, 0.06, (190, 104, 70))
    box(0.93, 0.12, 0.17, 0.25, (34, 36, 52))
    shape([(0.945, 0.34), (1.01, 0.18), (1.085, 0.34)], look.strip)
    draw.ellipse([1.04 * height, 0.14 * height, 1.08 * height, 0.18 * height], fill=(250, 236, 170))
    lamp = (1.22, 0.50)
    box(lamp[0] - 0.008, lamp[1], 0.016, 0.5, (40, 36, 40))
    shade_corners = ((-0.05, -0.1), (0.05, -0.1), (0.085, 0.04), (-0.085, 0.04))
    shape([(lamp[0] + dx, lamp[1] + dy) for dx, dy in shade_corners], (255, 226, 160))
    image = image.filter(ImageFilter.GaussianBlur(height / 160))
    glow = np.exp(-((x - lamp[0]) ** 2 + (y - lamp[1]) ** 2) / 0.07)[..., None]
    pixels = np.asarray(image, np.float32) + glow * np.array([110, 78, 34], np.float32)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if look.mirrored else image
