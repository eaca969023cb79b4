"""The game that is streamed: a hover car on a road, and the scene shown while the streamer is away."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.sample.picture import Frame, Sprite, even
from data.sample.script import Event, Script

# Sky and hills, middle ground, ground: bands of the frame, each with its end as a share of the height and its
# speed in widths of the frame a second. Bands scroll by slicing, which costs next to nothing; no seam shows,
# as the colour along a band's edge does not change.
BANDS = ((0.46, 0.02), (0.62, 0.06), (1.0, 0.25))
THEMES = (
    # sky above, sky below, hills, trees, ground, stripes
    ((250, 150, 110), (255, 214, 150), (176, 96, 110), (96, 60, 90), (120, 74, 84), (150, 92, 90)),
    ((70, 140, 220), (180, 226, 246), (104, 160, 140), (50, 116, 84), (110, 160, 84), (134, 182, 96)),
    ((16, 20, 54), (70, 50, 110), (44, 36, 84), (28, 26, 60), (40, 52, 90), (58, 76, 122)),
)
Colour = tuple[int, int, int]


class Game:
    """The game as it is played in one video.

    Parameters
    ----------
    script : Script
        Its explosions are the game's.
    width, height : int
        Of the video in pixels, even.
    """

    def __init__(self, script: Script, width: int, height: int):
        rng = script.generator("game")
        self.width, self.height = width, height
        theme = THEMES[int(rng.integers(len(THEMES)))]
        self.bands = [Frame.from_image(image) for image in _bands(theme, width, height, rng)]
        self.car = Sprite.from_image(_car(even(0.15 * width)))
        self.drone = Sprite.from_image(_drone(even(0.07 * width)))
        self.coin = Sprite.from_image(_coin(even(0.025 * width)))
        self.blasts = [Sprite.from_image(_blast(even(size * height), rng)) for size in (0.12, 0.25, 0.38, 0.46, 0.5)]
        self.glyphs = {glyph: Sprite.from_image(_glyph(glyph, even(0.06 * height))) for glyph in "0123456789"}
        self.heart = Sprite.from_image(_heart(even(0.05 * height)))
        self.explosions = script.of_kind("explosion")
        # A clip begins anywhere in the game.
        self.since_start = rng.uniform(0, 600)
        self.flights = rng.uniform((0.1, 0.1, 0), (0.42, 0.2, 1), (5, 3))

    def draw(self, frame: Frame, time: float) -> None:
        """Draw the whole frame as it is at a time in seconds."""
        top, played = 0, time + self.since_start
        for band, (_, speed) in zip(self.bands, BANDS, strict=True):
            loop = band.width - self.width
            frame.paste(band, 0, top, even(speed * self.width * played) % loop)
            top += band.height
        width, height = self.width, self.height
        for number in range(6):
            x = (number / 5 - 0.3 * played) % 1.2 - 0.1
            self.coin.draw(frame, x * width, (0.62 - 0.06 * np.sin(5 * x)) * height)
        for altitude, speed, start in self.flights:
            x = 1.1 - (start * 3 + speed * played) % 3
            self.drone.draw(frame, x * width, (altitude + 0.03 * np.sin(2 * time + 9 * start)) * height)
        bob = 0.012 * np.sin(2.6 * played) + 0.006 * np.sin(7 * played)
        self.car.draw(frame, (0.40 + 0.04 * np.sin(0.5 * played)) * width, (0.68 + bob) * height)
        for event in self.explosions:
            self._explode(frame, event, time)
        for place, glyph in enumerate(f"{int(played * 130):06d}"):
            self.glyphs[glyph].draw(frame, (0.70 + 0.022 * place) * width, 0.03 * height)
        for place in range(3):
            self.heart.draw(frame, (0.86 + 0.035 * place) * width, 0.035 * height)

    def _explode(self, frame: Frame, event: Event, time: float) -> None:
        for number, start in enumerate(np.arange(event.start, event.end - 0.3, 0.45)):
            step = int((time - start) / 0.09)
            if time >= start and step < len(self.blasts):
                blast = self.blasts[step]
                x = 0.62 + 0.13 * np.sin(event.variant + 2.5 * number)
                y = 0.45 + 0.1 * np.cos(3 * number)
                blast.draw(frame, x * self.width - blast.width / 2, y * self.height - blast.height / 2)


class Interlude:
    """The scene shown full frame while the streamer is away."""

    def __init__(self, width: int, height: int):
        image = Image.new("RGB", (width, height), (38, 28, 66))
        draw = ImageDraw.Draw(image)
        for x in range(-height, width, height // 6):
            stripe = [
                (x, height),
                (x + height // 12, height),
                (x + height // 12 + height, 0),
                (x + height, 0),
            ]
            draw.polygon(stripe, fill=(46, 34, 78))
        for text, y, size, fill in (
            ("BE RIGHT BACK", 0.42, 0.13, (255, 240, 220)),
            ("fetching a snack", 0.56, 0.055, (255, 170, 120)),
        ):
            font = ImageFont.load_default(size * height)
            draw.text((width / 2, y * height), text, fill=fill, font=font, anchor="mm")
        self.backdrop = Frame.from_image(image)
        self.ball = Sprite.from_image(_coin(even(0.08 * height)))

    def draw(self, frame: Frame, time: float) -> None:
        """Draw the whole frame as it is at a time in seconds."""
        frame.data[:] = self.backdrop.data
        for number in range(7):
            jump = abs(np.sin(2.4 * time - 0.5 * number))
            x = (0.26 + 0.07 * number) * frame.width
            self.ball.draw(frame, x, (0.76 - 0.1 * jump) * frame.height)


def _bands(theme: tuple[Colour, ...], width: int, height: int, rng: np.random.Generator) -> list[Image.Image]:
    above, below, hills, trees, ground, stripes = theme
    # The loop is a whole number of ground stripes; a frame's width more lets every offset be one slice.
    loop = even(1.5 * width)
    full = loop + width
    edges = [0, *(even(end * height) for end, _ in BANDS)]
    edges[-1] = height
    images = [Image.new("RGB", (full, end - start)) for start, end in zip(edges[:-1], edges[1:], strict=True)]
    sky, middle, plain = (ImageDraw.Draw(image) for image in images)
    depth = edges[1]
    for y in range(depth):
        share = y / depth
        row = tuple(round(a + (b - a) * share) for a, b in zip(above, below, strict=True))
        sky.line([(0, y), (full, y)], fill=row)
    phases = rng.uniform(0, 2 * np.pi, 4)
    x = np.arange(0, full + 8, 8)
    angle = 2 * np.pi * x / loop

    def ridge(top: float, rough: float, first: int) -> list[tuple[float, float]]:
        waves = sum(np.sin(angle * (first + 3 * i) + phases[i]) / (i + 1) for i in range(4))
        return list(zip(x.tolist(), (top + rough * waves).tolist(), strict=True))

    radius = 0.09 * height
    for left in (0, loop):
        sky.circle((0.7 * width + left, 0.16 * height), radius, fill=(255, 244, 214))
    pale = tuple((a + b) // 2 for a, b in zip(hills, below, strict=True))
    sky.polygon([*ridge(0.68 * depth, 0.10 * depth, 3), (full, depth), (0, depth)], fill=pale)
    sky.polygon([*ridge(0.84 * depth, 0.06 * depth, 5), (full, depth), (0, depth)], fill=hills)
    tall = edges[2] - edges[1]
    middle.rectangle([0, 0, full, tall], fill=hills)
    middle.polygon([*ridge(0.75 * tall, 0.06 * tall, 9), (full, tall), (0, tall)], fill=trees)
    for tree in rng.uniform((0, 0.4), (loop, 0.8), (26, 2)):
        for left in (tree[0], tree[0] + loop):
            size = tree[1] * tall
            foot = 0.85 * tall
            middle.polygon([(left - 0.3 * size, foot), (left, foot - size), (left + 0.3 * size, foot)], fill=trees)
    _, plain_height = images[2].size
    plain.rectangle([0, 0, full, plain_height], fill=ground)
    road = 0.25 * plain_height, 0.72 * plain_height
    plain.rectangle([0, 0, full, 0.05 * plain_height], fill=trees)
    plain.rectangle([0, road[0], full, road[1]], fill=(70, 68, 84))
    for edge in road:
        plain.rectangle([0, edge - height / 180, full, edge + height / 180], fill=(226, 220, 210))
    count = 12
    for number in range(2 * count):
        left = number * loop / count
        slant = 0.04 * height
        for top, bottom, long, fill in (
            (0.46, 0.50, 0.5, (240, 226, 160)),
            (0.08, 0.2, 0.4, stripes),
            (0.8, 0.95, 0.5, stripes),
        ):
            right = left + long * loop / count
            shape = [(left + slant, top), (right + slant, top), (right, bottom), (left, bottom)]
            plain.polygon([(px, py * plain_height) for px, py in shape], fill=fill)
    return images


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    # Four times as large, and reduced when done, for smooth edges.
    image = Image.new("RGBA", (4 * width, 4 * height))
    return image, ImageDraw.Draw(image)


def _car(width: int) -> Image.Image:
    height = even(0.42 * width)
    image, draw = _canvas(width, height)
    w, h = image.size

    def shape(points: list[tuple[float, float]], fill: Colour) -> None:
        draw.polygon([(x * w, y * h) for x, y in points], fill=fill)

    draw.ellipse([0.08 * w, 0.82 * h, 0.92 * w, 0.99 * h], fill=(30, 28, 44, 150))
    shape([(0.0, 0.55), (0.12, 0.48), (0.12, 0.66)], (255, 190, 70))
    shape([(0.1, 0.42), (0.34, 0.36), (0.98, 0.56), (0.9, 0.72), (0.12, 0.74)], (228, 62, 70))
    shape([(0.12, 0.62), (0.94, 0.64), (0.9, 0.74), (0.12, 0.76)], (158, 36, 56))
    shape([(0.34, 0.38), (0.42, 0.16), (0.58, 0.16), (0.72, 0.46)], (60, 74, 110))
    shape([(0.44, 0.2), (0.56, 0.2), (0.62, 0.34), (0.42, 0.34)], (150, 214, 240))
    shape([(0.06, 0.2), (0.2, 0.16), (0.26, 0.42), (0.12, 0.44)], (246, 214, 90))
    return image.reduce(4)


def _drone(width: int) -> Image.Image:
    height = even(0.6 * width)
    image, draw = _canvas(width, height)
    w, h = image.size
    draw.rectangle([0.02 * w, 0.12 * h, 0.4 * w, 0.2 * h], fill=(210, 214, 224))
    draw.rectangle([0.6 * w, 0.12 * h, 0.98 * w, 0.2 * h], fill=(210, 214, 224))
    draw.ellipse([0.12 * w, 0.2 * h, 0.88 * w, 0.98 * h], fill=(70, 66, 96))
    draw.ellipse([0.3 * w, 0.4 * h, 0.6 * w, 0.85 * h], fill=(255, 90, 90))
    draw.ellipse([0.36 * w, 0.46 * h, 0.46 * w, 0.6 * h], fill=(255, 220, 210))
    return image.reduce(4)


def _coin(width: int) -> Image.Image:
    image, draw = _canvas(width, width)
    w, _ = image.size
    draw.ellipse([0, 0, w - 1, w - 1], fill=(214, 146, 40))
    draw.ellipse([0.1 * w, 0.1 * w, 0.9 * w, 0.9 * w], fill=(255, 206, 80))
    draw.rectangle([0.42 * w, 0.25 * w, 0.58 * w, 0.75 * w], fill=(214, 146, 40))
    return image.reduce(4)


def _blast(width: int, rng: np.random.Generator) -> Image.Image:
    image, draw = _canvas(width, width)
    w, _ = image.size
    for size, fill in ((0.49, (226, 74, 40)), (0.38, (255, 156, 50)), (0.24, (255, 236, 150))):
        angles = np.linspace(0, 2 * np.pi, 18, endpoint=False)
        radius = size * w * np.where(np.arange(18) % 2, rng.uniform(0.65, 0.8, 18), 1)
        points = np.stack([w / 2 + radius * np.cos(angles), w / 2 + radius * np.sin(angles)], 1)
        draw.polygon(points.ravel().tolist(), fill=(*fill, 235))
    return image.reduce(4)


def _heart(width: int) -> Image.Image:
    image, draw = _canvas(width, width)
    w, _ = image.size
    for left in (0.05, 0.45):
        draw.ellipse([left * w, 0.1 * w, (left + 0.5) * w, 0.6 * w], fill=(240, 70, 90))
    draw.polygon([(0.08 * w, 0.45 * w), (0.92 * w, 0.45 * w), (0.5 * w, 0.95 * w)], fill=(240, 70, 90))
    return image.reduce(4)


def _glyph(glyph: str, height: int) -> Image.Image:
    image, draw = _canvas(even(0.7 * height), height)
    w, h = image.size
    outline = dict(stroke_width=h // 12, stroke_fill=(30, 30, 50))
    font = ImageFont.load_default(0.8 * h)
    draw.text((w / 2, h / 2), glyph, fill=(255, 250, 230), font=font, anchor="mm", **outline)
    return image.reduce(4)
