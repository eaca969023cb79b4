"""The decoder of the picture: software, or the video chip of a graphics card."""

from functools import lru_cache

import av
from av.codec.hwaccel import HWAccel

from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE

DEVICES = ("cuda", "videotoolbox", "vaapi")


def accelerator(decoder: str) -> HWAccel | None:
    """Return what PyAV needs to decode with an `extract.decoder`; None for software.

    Software also decodes what the chip cannot.

    Raises
    ------
    UserError
        If the device is missing or does not work.
    """
    device = _device(decoder) if decoder != "software" else None
    return HWAccel(device) if device else None


@lru_cache
def _device(decoder: str) -> str | None:
    """Find the device to decode with: for auto, the first that works, or None."""
    for device in DEVICES if decoder == "auto" else [decoder]:
        try:
            HWAccel(device).create(av.Codec("h264", "r"))
        except (av.error.FFmpegError, NotImplementedError, RuntimeError, ValueError) as error:
            reason = error
        else:
            return device
    if decoder == "auto":
        return None
    raise UserError(
        f"{PARAMS_FILE}: extract.decoder is {decoder}, but no such device works here ({reason}); set it to auto"
    )
