"""Random changes to training moments that leave their meaning alone, a batch at a time.

All randomness is torch's own: its seed decides it.
"""

import math

import torch
from torch.nn import functional


def pictures(frames: torch.Tensor) -> torch.Tensor:
    """Mirror, turn, zoom, shift, relight and blur the colours of each picture by itself.

    Parameters
    ----------
    frames : float32, shape (moments, 3, size, size)
        0 to 1.

    Returns
    -------
    The same shape and range.
    """
    count = len(frames)
    angle = _between(-12, 12, count) * math.pi / 180
    zoom = _between(0.75, 1.15, count)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    across, down = _between(-0.12, 0.12, count), _between(-0.12, 0.12, count)
    transform = torch.stack(
        [
            torch.stack([mirror * zoom * angle.cos(), -zoom * angle.sin(), across], 1),
            torch.stack([mirror * zoom * angle.sin(), zoom * angle.cos(), down], 1),
        ],
        1,
    )
    grid = functional.affine_grid(transform, frames.shape, align_corners=False)
    frames = functional.grid_sample(frames, grid, padding_mode="reflection", align_corners=False)
    brightness, contrast = _between(0.7, 1.3, count, 1, 1, 1), _between(0.7, 1.3, count, 1, 1, 1)
    saturation, tint = _between(0.3, 1.3, count, 1, 1, 1), _between(0.85, 1.15, count, 3, 1, 1)
    grey = frames.mean(1, keepdim=True)
    frames = grey + (frames - grey) * saturation
    middle = frames.mean((1, 2, 3), keepdim=True)
    frames = (middle + (frames - middle) * contrast) * brightness * tint
    noise = torch.randn_like(frames) * _between(0, 0.04, count, 1, 1, 1)
    return (frames + noise).clamp(0, 1)


def sounds(sound: torch.Tensor) -> torch.Tensor:
    """Change the level and blank a stretch of time and of bands (SpecAugment, Park et al., 2019); sometimes all.

    Parameters
    ----------
    sound : float32, shape (moments, steps, bands)
        Log-mel energies.

    Returns
    -------
    The same shape, NaN where blanked.
    """
    count, steps, bands = sound.shape
    # 6 dB up or down is a factor of 4 in power.
    sound = sound + _between(-math.log(4), math.log(4), count, 1, 1)
    blank = _stretch(count, steps, 0.2).unsqueeze(2) | _stretch(count, bands, 0.2).unsqueeze(1)
    blank |= (torch.rand(count) < 0.1).view(count, 1, 1)
    return sound.masked_fill(blank, math.nan)


def _stretch(count: int, length: int, longest: float) -> torch.Tensor:
    """A random run of up to a share of the positions: bool of shape (count, length)."""
    width = torch.rand(count, 1) * longest * length
    start = torch.rand(count, 1) * (length - width)
    position = torch.arange(length).unsqueeze(0)
    return (position >= start) & (position < start + width)


def _between(low: float, high: float, *shape: int) -> torch.Tensor:
    return low + (high - low) * torch.rand(*shape)
