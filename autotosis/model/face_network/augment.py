"""Random changes to training pictures that leave their meaning alone, a batch at a time.

All randomness is torch's own, of the device that the pictures are on: its seed decides it.
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
    return relight(move(frames))


def move(frames: torch.Tensor) -> torch.Tensor:
    """Mirror, turn, zoom and shift each picture by itself; what this leaves empty is filled by reflection."""
    angle = _between(-12, 12, frames) * math.pi / 180
    zoom = _between(0.75, 1.15, frames)
    mirror = torch.where(_between(-1, 1, frames) < 0, -1.0, 1.0)
    across, down = _between(-0.12, 0.12, frames), _between(-0.12, 0.12, frames)
    transform = torch.stack(
        [
            torch.stack([mirror * zoom * angle.cos(), -zoom * angle.sin(), across], 1),
            torch.stack([mirror * zoom * angle.sin(), zoom * angle.cos(), down], 1),
        ],
        1,
    )
    grid = functional.affine_grid(transform, list(frames.shape), align_corners=False)
    return functional.grid_sample(frames, grid, padding_mode="reflection", align_corners=False)


def relight(frames: torch.Tensor) -> torch.Tensor:
    """Change brightness, contrast, saturation and tint of each picture by itself, and add noise."""
    brightness, contrast = _between(0.7, 1.3, frames, 1, 1), _between(0.7, 1.3, frames, 1, 1)
    saturation, tint = _between(0.3, 1.3, frames, 1, 1), _between(0.85, 1.15, frames, 3, 1)
    # All of it is linear in the three colours, so that one product of matrices does it: saturation is the distance
    # from the pixel's mean, contrast that from the picture's.
    grey = torch.full((3, 3), 1 / 3, device=frames.device)
    colours = saturation * torch.eye(3, device=frames.device) + (1 - saturation) * grey
    light, middle = brightness * tint, frames.mean((1, 2, 3)).view(-1, 1, 1)
    lit = torch.baddbmm(light * (1 - contrast) * middle, light * contrast * colours, frames.flatten(2))
    # All pictures get the same noise, more of it or less: to draw it for each would take as long as all the rest.
    noise = torch.randn(frames.shape[1:], device=frames.device)
    return lit.view_as(frames).addcmul_(noise, _between(0, 0.04, frames, 1, 1, 1)).clamp_(0, 1)


def _between(low: float, high: float, frames: torch.Tensor, *shape: int) -> torch.Tensor:
    return low + (high - low) * torch.rand(len(frames), *shape, device=frames.device)
