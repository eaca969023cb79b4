"""Augmentation: random changes to training frames that keep their meaning, a batch at a time.

All random numbers come from torch's generator of the frames' device, so its seed decides them.
"""

import math

import torch
from torch.nn import functional


def pictures(frames: torch.Tensor) -> torch.Tensor:
    """Mirror, rotate, zoom, shift and relight each frame independently, and add noise.

    Parameters
    ----------
    frames : Tensor of float32, shape (frames, 3, size, size)
        The frames, 0 to 1.

    Returns
    -------
    Tensor of float32, shape (frames, 3, size, size)
        The changed frames, 0 to 1.
    """
    return relight(move(frames))


def move(frames: torch.Tensor) -> torch.Tensor:
    """Mirror, rotate, zoom and shift each frame independently. Empty areas are filled by reflection."""
    angle = _uniform(-12, 12, frames) * math.pi / 180
    zoom = _uniform(0.75, 1.15, frames)
    mirror = torch.where(_uniform(-1, 1, frames) < 0, -1.0, 1.0)
    across, down = _uniform(-0.12, 0.12, frames), _uniform(-0.12, 0.12, frames)
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    transform = torch.stack([mirror * cosine, -sine, across, mirror * sine, cosine, down], 1).view(-1, 2, 3)
    grid = functional.affine_grid(transform, list(frames.shape), align_corners=False)
    return functional.grid_sample(frames, grid, padding_mode="reflection", align_corners=False)


def relight(frames: torch.Tensor) -> torch.Tensor:
    """Change brightness, contrast, saturation and tint of each frame independently, and add noise."""
    brightness, contrast = _uniform(0.7, 1.3, frames, 1, 1), _uniform(0.7, 1.3, frames, 1, 1)
    saturation, tint = _uniform(0.3, 1.3, frames, 1, 1), _uniform(0.85, 1.15, frames, 3, 1)
    # All of it is linear in the three colours, so one matrix product does everything. Saturation scales the distance of
    # a colour from the mean of its pixel, and contrast that from the mean of the frame.
    grey = torch.full((3, 3), 1 / 3, device=frames.device)
    colours = saturation * torch.eye(3, device=frames.device) + (1 - saturation) * grey
    light, middle = brightness * tint, frames.mean((1, 2, 3)).view(-1, 1, 1)
    lit = torch.baddbmm(light * (1 - contrast) * middle, light * contrast * colours, frames.flatten(2))
    # All frames get the same noise, in different strength. Drawing noise for each would take as long as everything
    # else.
    noise = torch.randn(frames.shape[1:], device=frames.device)
    return lit.view_as(frames).addcmul_(noise, _uniform(0, 0.04, frames, 1, 1, 1)).clamp_(0, 1)


def _uniform(low: float, high: float, frames: torch.Tensor, *shape: int) -> torch.Tensor:
    """Draw uniform random numbers for each frame, as a tensor of shape (frames, *shape)."""
    return low + (high - low) * torch.rand(len(frames), *shape, device=frames.device)
