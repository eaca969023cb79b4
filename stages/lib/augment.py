"""Random changes to training pictures that leave their meaning alone, a batch at a time.

All randomness is torch's own: its seed decides it.
"""

import math

import torch
from torch.nn import functional


def pictures(frames: torch.Tensor) -> torch.Tensor:
    """Mirror, turn, zoom, shift and relight each picture by itself, and add noise.

    Parameters
    ----------
    frames : float32, shape (frames, 3, size, size)
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


def _between(low: float, high: float, *shape: int) -> torch.Tensor:
    return low + (high - low) * torch.rand(*shape)
