"""Videos for tests, of which it is known what they show and sound like at each moment."""

import re
import struct
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

from data.sample.acting import REST, Pose
from data.sample.room import choose_look
from data.sample.streamer import Camera

RATE = 48_000


def ffmpeg(*arguments: object) -> None:
    """Run FFmpeg, for what cannot be made frame by frame."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


def write(
    path: Path,
    times: list[float],
    picture: Callable[[float], np.ndarray],
    sound: Callable[[np.ndarray], np.ndarray] | None = None,
    duration: float = 0.0,
    codec: str = "libx264",
    **options: str,
) -> None:
    """Write a video with a frame at each of the times (seconds), and a keyframe every 30 frames.

    `picture` returns the frame at a time, uint8 of shape (height, width, 3). `sound`, if it is given, returns the
    samples at an array of times, -1 to 1; it is called for the times until `duration`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        first = picture(times[0])
        video = container.add_stream(codec, rate=30)
        video.width, video.height, video.pix_fmt = first.shape[1], first.shape[0], "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 12_800)
        video.codec_context.gop_size = 30
        video.codec_context.options = {"preset": "ultrafast", "crf": "10", "bf": "0"} | options
        audio = container.add_stream("aac", rate=RATE, layout="mono") if sound else None
        if audio:
            samples = sound(np.arange(round(duration * RATE)) / RATE).astype(np.float32)
            for start in range(0, len(samples), 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
                frame.rate, frame.pts = RATE, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for time in times:
            frame = av.VideoFrame.from_ndarray(picture(time), "rgb24")
            frame.pts, frame.time_base = round(time * 12_800), Fraction(1, 12_800)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def grey(level: float, width: int = 64, height: int = 48) -> np.ndarray:
    """Make a picture of one grey, 0 to 255."""
    return np.full((height, width, 3), round(level), np.uint8)


def buzz(periods: np.ndarray) -> np.ndarray:
    """A sawtooth, which is heard in all bands, at these numbers of its periods: -0.5 to 0.5."""
    return periods % 1 - 0.5


def beeps(times: np.ndarray) -> np.ndarray:
    """Make the samples of a tone at 1 kHz that lasts a tenth of a second, at every whole second."""
    return 0.5 * np.sin(2 * np.pi * 1000 * times) * (times % 1 < 0.1)


def bars(number: int) -> np.ndarray:
    """Draw a number below 1024 as ten bars, black or white: uint8 of shape (64, 160, 3)."""
    bits = [number >> bit & 1 for bit in range(10)]
    return np.tile(np.repeat(np.array(bits, np.uint8) * 255, 16)[:, None], (64, 1, 3))


def number_of(frame: np.ndarray) -> int:
    """Read the number of `bars` from a grey frame of any size."""
    middle, width = frame[len(frame) // 2], frame.shape[1] / 10
    return sum(int(middle[int((bit + 0.5) * width)] > 128) << bit for bit in range(10))


def in_fields(path: Path, frames: int) -> None:
    """Write H.264 at 25 frames per second in which each field of a frame is a picture, as no encoder of FFmpeg can.

    The first field shows the number of the frame by `bars`, and the second shows 1023 minus that.
    """

    def field(head: str, number: int) -> bytes:
        # A slice of 10 times 2 macroblocks with plain samples (ISO/IEC 14496-10, 7.3.3 to 7.3.5).
        blocks = (bytes([235 if number >> bit & 1 else 16]) * 256 + bytes([128]) * 128 for bit in [*range(10)] * 2)
        return bytes.fromhex(f"00000001{head}") + b"\x0d\x00".join(blocks) + b"\x80"

    # Parameter sets for 10 times 4 macroblocks in fields (7.3.2.1 and 7.3.2.2).
    headers = bytes.fromhex("00000001674d0028da0a44480000000168ce3880")
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 64, "yuv420p"
        for number in range(frames):
            first = field("6588848868" if number % 2 else "65888521a0", number)
            packet = av.Packet(headers + first + field("6188868680", 1023 - number))
            packet.stream, packet.time_base, packet.is_keyframe = video, Fraction(1, 25), True
            packet.pts = packet.dts = number
            container.mux(packet)


def flash_and_beep(path: Path, duration: float, fps: float = 30, with_sound: bool = True) -> None:
    """Write a video with a white flash and a beep, a tenth of a second each, at every whole second."""
    times = [number / fps for number in range(round(duration * fps))]
    write(
        path, times, lambda time: grey(255 if (time + 1e-6) % 1 < 0.1 else 0), beeps if with_sound else None, duration
    )


def numbered(path: Path, duration: float, codec: str, **options: str) -> None:
    """Write a video at 30 frames per second with beeps. Each frame shows its number by `bars`."""
    times = [number / 30 for number in range(round(duration * 30))]
    write(path, times, lambda time: bars(round(time * 30)), beeps, duration, codec, **options)


def numbered_shades(path: Path, duration: int, with_sound: bool = True) -> None:
    """Write a wide video at 10 frames per second with beeps. Its grey is 20 times the second, brighter on the left."""
    shade = np.full((54, 96, 3), 0, np.uint8)
    shade[:, :48] = 40

    def picture(time: float) -> np.ndarray:
        return shade + np.uint8(20 * int(time + 1e-6))

    times = [number / 10 for number in range(10 * duration)]
    write(path, times, picture, beeps if with_sound else None, duration)


def split(path: Path, folder: Path, times: str, container: str, *options: object) -> list[Path]:
    """Copy a video into parts that begin with the keyframes at these times (seconds, with commas), and list the parts.

    Their names are sorted wrongly by a simple sort, and need careful quoting.
    """
    folder.mkdir(parents=True)
    form = ["-f", "segment", "-segment_times", times, "-reset_timestamps", 1, "-segment_start_number", 9]
    ffmpeg("-i", path, "-c", "copy", *form, *options, folder / f"it's part %d ü.{container}")
    (folder / ".hidden").write_text("no video")
    return sorted(folder.glob("it's*"), key=lambda part: int(part.stem.split()[2]))


def edited(path, entries):
    """Give the tracks of an MP4 an edit list: for each entry its start (None shows nothing) and its length, seconds."""
    data = path.read_bytes()
    lists, scale = [], struct.unpack(">I", data[data.index(b"mvhd") + 16 :][:4])[0]
    for track in data.split(b"trak")[1:]:
        unit = struct.unpack(">I", track[track.index(b"mdhd") + 16 :][:4])[0]
        rows = b"".join(
            struct.pack(">IiI", round(scale * length), -1 if start is None else round(start * unit), 0x10000)
            for start, length in entries
        )
        content = struct.pack(">II", 0, len(entries)) + rows
        lists.append(struct.pack(">I4sI4s", 16 + len(content), b"edts", 8 + len(content), b"elst") + content)
    place, grown = data.index(b"moov") - 4, 0
    for edit_list in lists:
        track = data.index(b"trak", place + 8) - 4
        old = data.index(b"edts", track) - 4
        size = struct.unpack(">I", data[old : old + 4])[0]
        data = data[:old] + edit_list + data[old + size :]
        change = len(edit_list) - size
        length = struct.unpack(">I", data[track : track + 4])[0] + change
        data = data[:track] + struct.pack(">I", length) + data[track + 4 :]
        grown, place = grown + change, track + length - 8
    moov = data.index(b"moov") - 4
    data = data[:moov] + struct.pack(">I", struct.unpack(">I", data[moov : moov + 4])[0] + grown) + data[moov + 4 :]
    path.write_bytes(data)


def numbers(path: Path) -> list[tuple[float, int]]:
    """Read a video of `numbered`: the time of each frame, seconds from the file's beginning, and its number."""
    with av.open(str(path)) as container:
        beginning = (container.start_time or 0) / av.time_base
        frames = [(frame.time - beginning, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return [(time, number_of(frame)) for time, frame in frames]


def beep_times(path: Path) -> np.ndarray:
    """Measure when the beeps in a video begin (seconds)."""
    return beginnings(np.abs(samples(path)))


def beginnings(sound: np.ndarray) -> np.ndarray:
    """Measure when beeps begin (seconds), from the absolute values of samples at RATE."""
    loud = np.array([sound[max(0, n - 240) : n + 1].max() > 0.1 for n in range(0, len(sound), 48)])
    return onsets(loud) / 1000


def luminance(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Measure the time of each frame (seconds), and the mean of its lower half, 0 to 255, below an overlay."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return np.array([time for time, _ in frames]), np.array([f[len(f) // 2 :].mean() for _, f in frames])


def samples(path: Path) -> np.ndarray:
    """Decode the sound of a video: float32, mixed to one channel at RATE."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        return np.concatenate(
            [part.to_ndarray()[0] for f in container.decode(audio=0) for part in resampler.resample(f)]
        )


def loudness(path: Path) -> float:
    """Measure the integrated loudness of a file (LUFS) with FFmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path, "-vn", "-af", "ebur128=framelog=quiet", "-f", "null", "-"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"I: +(\S+) LUFS", output)[-1])


def onsets(active: np.ndarray) -> np.ndarray:
    """Find where a boolean signal becomes true."""
    return np.flatnonzero(active & ~np.concatenate([[False], active[:-1]]))


def streamer(
    mouth: float, session: str = "test", width: int = 160, height: int = 120, **expression: float
) -> np.ndarray:
    """Draw the sample's streamer, with the mouth from shut (0) to wide open (1), and an expression, such as joy=1."""
    resting = dict.fromkeys(Pose._fields, 0.0) | REST | {"size": 1.0, "lids": 1.0, "light": 1.0}
    drawn = Camera(choose_look(1, session), 1, width, height).film(Pose(**resting | {"mouth": mouth} | expression), 0)
    return av.VideoFrame.from_ndarray(drawn.data.reshape(-1, width), "yuv420p").to_ndarray(format="rgb24")
