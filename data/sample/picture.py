"""Raw pictures in YUV 4:2:0, as the encoder takes them: no frame is ever converted from RGB."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

# ITU-R BT.709, part 3: the weights of luma, and limited range (luma 16 to 235, chroma 16 to 240).
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722


def yuv(rgb: np.ndarray | tuple[int, int, int]) -> np.ndarray:
    """Convert full-range RGB (0 to 255) to limited-range BT.709 YUV.

    Parameters
    ----------
    rgb : array of numbers, shape (..., 3)

    Returns
    -------
    uint8 array, shape (..., 3)
    """
    red, green, blue = np.moveaxis(np.asarray(rgb, np.float32) / 255, -1, 0)
    luma = RED * red + GREEN * green + BLUE * blue
    u = (blue - luma) / (2 * (1 - BLUE))
    v = (red - luma) / (2 * (1 - RED))
    return np.stack([16 + 219 * luma, 128 + 224 * u, 128 + 224 * v], -1).round().clip(16, 240).astype(np.uint8)


def even(pixels: float) -> int:
    """Round to an even number of pixels, as the halved planes of chroma need."""
    return 2 * round(pixels / 2)


class Frame:
    """One YUV 4:2:0 picture: `planes` are uint8 views of `data`, (height, width) and twice half of that."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        area = width * height
        self.data = np.empty(area * 3 // 2, np.uint8)
        half = (height // 2, width // 2)
        self.planes = (
            self.data[:area].reshape(height, width),
            self.data[area : area * 5 // 4].reshape(half),
            self.data[area * 5 // 4 :].reshape(half),
        )

    @classmethod
    def from_image(cls, image: Image.Image) -> "Frame":
        """Convert an RGB image of even width and height."""
        frame = cls(*image.size)
        converted = Image.fromarray(yuv(np.asarray(image)))
        frame.planes[0][:] = np.asarray(converted.getchannel(0))
        frame.planes[1][:] = np.asarray(converted.getchannel(1).reduce(2))
        frame.planes[2][:] = np.asarray(converted.getchannel(2).reduce(2))
        return frame

    def paste(self, source: "Frame", x: int, y: int, offset: int = 0) -> None:
        """Copy `source` to (x, y), from its column `offset` on, as wide as fits; all numbers even."""
        width = min(source.width - offset, self.width - x)
        for plane, other, step in zip(self.planes, source.planes, (1, 2, 2), strict=True):
            rows = slice(y // step, (y + source.height) // step)
            columns = slice(x // step, (x + width) // step)
            plane[rows, columns] = other[:, offset // step : (offset + width) // step]


@dataclass(frozen=True)
class Sprite:
    """A picture with transparency: per plane int16 values and int16 opacities (0 to 128)."""

    values: tuple[np.ndarray, ...]
    opacities: tuple[np.ndarray, ...]
    width: int
    height: int

    @classmethod
    def from_image(cls, image: Image.Image) -> "Sprite":
        """Convert an RGBA image of even width and height."""
        frame = Frame.from_image(image.convert("RGB"))
        alpha = image.getchannel("A")
        opacities = [np.asarray(part).astype(np.int16) * 128 // 255 for part in (alpha, alpha.reduce(2))]
        values = tuple(plane.astype(np.int16) for plane in frame.planes)
        return cls(values, (opacities[0], opacities[1], opacities[1]), *image.size)

    def draw(self, frame: Frame, x: float, y: float) -> None:
        """Blend into the frame, upper left corner near (x, y) pixels, cut off at the frame's edges."""
        x, y = even(x), even(y)
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(self.width, frame.width - x), min(self.height, frame.height - y)
        if left >= right or top >= bottom:
            return
        for plane, value, opacity, step in zip(frame.planes, self.values, self.opacities, (1, 2, 2), strict=True):
            inner = (slice(top // step, bottom // step), slice(left // step, right // step))
            target = plane[
                (y + top) // step : (y + bottom) // step,
                (x + left) // step : (x + right) // step,
            ]
            target += (((value[inner] - target) * opacity[inner]) >> 7).astype(np.uint8)
