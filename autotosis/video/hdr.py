"""Tone mapping from high dynamic range (PQ, HLG) and wide gamut (BT.2020) to standard dynamic range (BT.709).

White is at 203 cd/m2, as in ITU-R BT.2408. Brighter light is compressed, so that it stays below the white of the
screen. Colours outside BT.709 are clipped.
"""

import atexit
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

# Codes of ITU-T H.273: the primaries of BT.2020, and the transfer functions PQ and HLG.
BT_2020, PQ, HLG = 9, 16, 18
# The luminance of white, cd/m2 (ITU-R BT.2408), and where compression begins, as a fraction of it.
WHITE, KNEE = 203.0, 0.8
# The luminance of the screen that HLG is designed for, cd/m2, and its gamma there (ITU-R BT.2100, table 5).
HLG_PEAK, HLG_GAMMA = 1000.0, 1.2
# The matrix from the primaries of BT.2020 to those of BT.709, for linear light (ITU-R BT.2087, inverse of table 4), and
# the weights of the primaries of BT.2020 in luminance (ITU-R BT.2100, table 4).
TO_BT_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
LUMA = np.array([0.2627, 0.6780, 0.0593])
# The transfer function of BT.709 and BT.2020: a power function, and a straight line below a certain light (ITU-R
# BT.709, 1.2). FFmpeg's filters use it in both directions, too.
EXPONENT, GAIN, LINEAR_BELOW, SLOPE = 0.45, 1.099, 0.018, 4.5
# The number of values of each colour in the table.
TABLE_SIDE = 65


def needed(primaries: int, transfer: int) -> bool:
    """Return whether pictures with these codes of ITU-T H.273 need tone mapping."""
    return transfer in (PQ, HLG) or primaries == BT_2020


def to_bt709(colours: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """Convert colours to BT.709.

    Parameters
    ----------
    colours : ndarray of float64, shape (colours, 3)
        The coded colours: red, green, blue, 0 to 1.
    primaries, transfer : int
        The codes of their primaries and their transfer function in ITU-T H.273.

    Returns
    -------
    ndarray of float64, shape (colours, 3)
        The colours, coded as in BT.709, 0 to 1.
    """
    light = _linear_light(colours, transfer)
    if primaries == BT_2020:
        # Not with @, which starts threads of OpenBLAS: thumbnails are drawn in a thread beside others that start
        # programs. A fork stops the threads of OpenBLAS, and a product at that moment may wait for them for ever.
        light = np.einsum("ij,kj->ik", light, TO_BT_709)
    light = np.maximum(light, 0.0)
    if transfer in (PQ, HLG):
        # Scale all three by the same factor, which keeps the hue.
        brightest = np.maximum(light.max(axis=1, keepdims=True), 1e-9)
        light *= _compress(brightest) / brightest
    light = np.clip(light, 0.0, 1.0)
    coded: np.ndarray = np.where(light < LINEAR_BELOW, SLOPE * light, GAIN * np.power(light, EXPONENT) - (GAIN - 1))
    return coded


def _linear_light(colours: np.ndarray, transfer: int) -> np.ndarray:
    """Compute the linear light of coded colours, relative to white."""
    light: np.ndarray
    if transfer == PQ:
        # ITU-R BT.2100, table 4.
        root = np.power(colours, 32 / 2523)
        share = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        light = 10_000 / WHITE * np.power(share, 16_384 / 2610)
    elif transfer == HLG:
        # ITU-R BT.2100, table 5.
        bright = (np.exp((colours - 0.55991073) / 0.17883277) + 0.28466892) / 12
        scene = np.where(colours <= 0.5, colours**2 / 3, bright)
        luminance = np.maximum(np.einsum("ij,j->i", scene, LUMA), 1e-9)[:, None]
        light = HLG_PEAK / WHITE * scene * np.power(luminance, HLG_GAMMA - 1)
    else:
        curved = np.power((colours + GAIN - 1) / GAIN, 1 / EXPONENT)
        light = np.where(colours < SLOPE * LINEAR_BELOW, colours / SLOPE, curved)
    return light


def _compress(light: np.ndarray) -> np.ndarray:
    """Compress light above the knee, so that it stays below 1."""
    room = 1 - KNEE
    return np.where(light <= KNEE, light, KNEE + room * (1 - np.exp(-(np.maximum(light, KNEE) - KNEE) / room)))


@lru_cache
def table(primaries: int, transfer: int) -> Path:
    """Write the tone mapping as a table for FFmpeg's filter lut3d, and return its path.

    The file exists until the process ends.
    """
    steps = np.linspace(0, 1, TABLE_SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    colours = to_bt709(np.stack([red, green, blue], axis=-1).reshape(-1, 3), primaries, transfer)
    with tempfile.NamedTemporaryFile("w", suffix=".cube", delete=False) as file:
        file.write(f"LUT_3D_SIZE {TABLE_SIDE}\n" + "".join(f"{r:.6f} {g:.6f} {b:.6f}\n" for r, g, b in colours))
    path = Path(file.name)
    atexit.register(path.unlink, missing_ok=True)
    return path
