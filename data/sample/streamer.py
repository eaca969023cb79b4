"""Draws the streamer in the room, as the face camera films it."""

import functools

import numpy as np
from PIL import Image, ImageDraw

from data.sample.acting import Pose
from data.sample.picture import Frame, yuv
from data.sample.room import Look, draw_room
from data.sample.script import generator

# Drawn at twice the size and averaged, for smooth edges.
FINER = 2
HEAD = 0.205
SKIN, SKIN_SHADE, RED_SKIN, RED_SHADE = (238, 190, 160), (205, 148, 120), (238, 122, 98), (196, 78, 66)
HAIR, HAIR_LIGHT = (58, 40, 52), (96, 64, 78)
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 32, endpoint=False))
ACROSS = np.linspace(-1, 1, 11)


def _ellipse(centre: complex, across: float, down: float) -> np.ndarray:
    return centre + across * CIRCLE.real + 1j * down * CIRCLE.imag


# Shapes are complex numbers, x + iy, in half heights of the head around its middle; y points down.
FACE = 0.80 * CIRCLE.real * (1 - 0.24 * np.clip(CIRCLE.imag, 0, 1) ** 2) + 1j * CIRCLE.imag
BACK_HAIR = _ellipse(-0.16j, 0.93, 0.98)
FRINGE = np.array(
    [-0.86 + 0.12j, -0.94 - 0.3j, -0.80 - 0.8j, -0.45 - 1.14j, 0.05 - 1.24j, 0.5 - 1.12j, 0.84 - 0.76j]
    + [0.94 - 0.3j, 0.85 + 0.1j, 0.72 - 0.3j, 0.52 - 0.62j, 0.36 - 0.46j, 0.2 - 0.68j, -0.06 - 0.44j]
    + [-0.2 - 0.66j, -0.42 - 0.42j, -0.56 - 0.6j, -0.74 - 0.25j]
)
GLEAM = np.array([-0.5 - 0.98j, 0.0 - 1.1j, 0.4 - 1.02j, 0.1 - 0.98j, -0.3 - 0.86j])
TORSO = np.array(
    [-0.09 + 0.70j, -0.2 + 0.745j, -0.275 + 0.79j, -0.31 + 0.88j, -0.33 + 1.3j]
    + [0.33 + 1.3j, 0.31 + 0.88j, 0.275 + 0.79j, 0.2 + 0.745j, 0.09 + 0.70j]
)
COLLAR = np.array([-0.1 + 0.70j, 0.1 + 0.70j, 0.05 + 0.765j, 0.78j, -0.05 + 0.765j])
CHAIR = np.array(
    [-0.17 + 0.42j, 0.17 + 0.42j, 0.22 + 0.52j, 0.25 + 0.70j, 0.36 + 0.78j, 0.36 + 1.3j]
    + [-0.36 + 1.3j, -0.36 + 0.78j, -0.25 + 0.70j, -0.22 + 0.52j]
)


class Camera:
    """The face camera of one video.

    Parameters
    ----------
    look : Look
        The recording session's.
    seed : int
    width, height : int
        Of its picture in pixels, even.
    """

    def __init__(self, look: Look, seed: int, width: int, height: int):
        self.look, self.width, self.height = look, width, height
        self.scale = FINER * height
        room = draw_room(look, FINER * width, FINER * height)
        self.room = Image.fromarray(yuv(np.asarray(room)))
        self.frame = Frame(width, height)
        rng = generator(seed, "camera")
        # Drawing fresh noise for every frame would take longer than drawing the streamer.
        self.noise = (rng.standard_normal((height + 32, width + 32)) * look.noise).round().astype(np.int16)
        x = np.linspace(-1, 1, width)
        slope = 1 + 0.16 * look.light_from * x
        vignette = 1.04 - 0.14 * (x[None, :] ** 2 + np.linspace(-1, 1, height)[:, None] ** 2)
        self.lighting = (look.gain * slope * vignette).astype(np.float32)
        half = np.linspace(-1, 1, height // 2)[:, None] ** 2 + np.linspace(-1, 1, width // 2)[None, :] ** 2
        self.flash = np.exp(-half).astype(np.float32)

    def film(self, pose: Pose, number: int) -> Frame:
        """Draw the streamer in a pose.

        Parameters
        ----------
        pose : Pose
        number : int
            The frame's number in the video, on which the camera's noise depends.

        Returns
        -------
        Frame
            Overwritten by the next call.
        """
        image = self.room.copy()
        _Drawing(image, self.look, self.scale).streamer(pose)
        luma, u, v = self.frame.planes
        shift_y, shift_x = number * 13 % 32, number * 7 % 31
        noise = self.noise[shift_y : shift_y + self.height, shift_x : shift_x + self.width]
        lit = np.asarray(image.getchannel(0).reduce(FINER)) * (self.lighting * np.float32(pose.light))
        luma[:] = (lit + noise).clip(16, 235)
        for plane, band, flash, warmth in ((u, 1, pose.flash_u, -1), (v, 2, pose.flash_v, 1)):
            tint = self.flash * np.float32(flash) + np.float32(warmth * self.look.warmth)
            plane[:] = (np.asarray(image.getchannel(band).reduce(2 * FINER)) + tint).clip(16, 240)
        return self.frame


class _Drawing:
    """Draws on an image whose three channels hold luma and chroma, though Pillow takes them for RGB."""

    def __init__(self, image: Image.Image, look: Look, scale: int):
        self.draw, self.look, self.scale = ImageDraw.Draw(image), look, scale
        self.middle = 2 / 3 + look.x
        self.origin, self.turn = 0j, 1 + 0j

    def place(self, origin: complex, turn: complex) -> None:
        """Shapes to come are turned and enlarged by `turn` and moved to `origin`, camera units."""
        centre = self.middle + 0.6j
        origin = centre + (origin - centre) * self.look.zoom + 1j * self.look.y
        self.origin, self.turn = origin * self.scale, turn * self.look.zoom * self.scale

    def points(self, shape: np.ndarray) -> list[float]:
        return (self.origin + self.turn * shape).view(np.float64).tolist()

    def fill(self, shape: np.ndarray, colour: tuple[int, ...]) -> None:
        self.draw.polygon(self.points(shape), fill=colour)

    def stroke(self, shape: np.ndarray, width: float, colour: tuple[int, ...]) -> None:
        pixels = max(1, round(width * abs(self.turn)))
        self.draw.line(self.points(shape), fill=colour, width=pixels, joint="curve")

    def streamer(self, pose: Pose) -> None:
        self.body(pose)
        self.head(pose)
        self.place(0j, 1 + 0j)
        self.fill(np.array([-1 + 0.955j, 3 + 0.955j, 3 + 2j, -1 + 2j]), DESK)
        self.stroke(np.array([-1 + 0.955j, 3 + 0.955j]), 0.012, DESK_EDGE)
        for side in (-1, 1):
            self.arm(pose, side)

    def body(self, pose: Pose) -> None:
        self.place(self.middle + 0j, 1 + 0j)
        self.fill(CHAIR, CHAIR_COLOUR)
        self.stroke(CHAIR[[0, 9, 8]] * 0.94 + 0.03j, 0.014, colour(self.look.strip))
        self.stroke(CHAIR[[1, 2, 3]] * 0.94 + 0.03j, 0.014, colour(self.look.strip))
        lean = 1 + 0.5 * (pose.size - 1)
        self.place(self.middle + 0.6 * pose.x + 0.7j * (1 - lean) + 0.3j * pose.y, complex(lean))
        self.fill(TORSO, colour(self.look.shirt))
        self.fill(COLLAR, mix(SKIN_SHADE, RED_SHADE, pose.red))
        neck = np.array([-0.075 + 0.56j, 0.075 + 0.56j, 0.085 + 0.71j, -0.085 + 0.71j])
        self.fill(neck, mix(SKIN_SHADE, RED_SHADE, pose.red))
        self.fill(_ellipse(0.87j, 0.06, 0.035), colour(self.look.shirt, 1.35))

    def head(self, pose: Pose) -> None:
        shade, skin = mix(SKIN_SHADE, RED_SHADE, pose.red), mix(SKIN, RED_SKIN, pose.red)
        head = HEAD * pose.size * np.exp(1j * pose.tilt)
        self.place(self.middle + pose.x + (0.46 + pose.y) * 1j, head)
        self.fill(BACK_HAIR, HAIR_COLOUR)
        for side in (-1, 1):
            self.fill(_ellipse(0.82 * side + 0.02j, 0.13, 0.2), shade)
        self.fill(FACE, shade)
        # The features slide over the round face as it turns and nods.
        slide = 0.22 * pose.turn + 0.10j * pose.nod
        self.fill(FACE * 0.94 - 0.02j + 0.3 * slide.real, skin)
        for side in (-1, 1):
            self.fill(_ellipse(0.45 * side + 0.28j + slide, 0.16, 0.10), mix(BLUSH, RED_BLUSH, pose.red))
            self.eye(pose, side, slide)
        self.fill(np.array([-0.02, 0.09 + 0.26j, -0.1 + 0.27j]) + 1.3 * slide, shade)
        self.mouth(pose, slide)
        self.fill(FRINGE + 0.25 * slide, HAIR_COLOUR)
        self.fill(GLEAM + 0.4 * slide, HAIR_GLEAM)
        for side in (-1, 1):
            self.brow(pose, side, slide)
        self.headset(slide)

    def eye(self, pose: Pose, side: int, slide: complex) -> None:
        middle = 0.33 * side - 0.06j + slide
        # A laugh shuts the eyes to arcs.
        lids = pose.lids * (1 - 0.9 * max(0.0, 2 * pose.joy - 1)) * (1 - 0.25 * pose.anger)
        if lids < 0.25:
            bend = 0.12 if pose.joy > 0.5 else -0.05
            self.stroke(middle + 0.17 * ACROSS + 1j * bend * (ACROSS**2 - 0.6), 0.06, LINE)
            return
        self.fill(_ellipse(middle, 0.185, 0.19 * lids), LINE)
        self.fill(_ellipse(middle + 0.015j, 0.165, 0.165 * lids), EYE_WHITE)
        pupil = middle + 0.07 * pose.gaze + 0.02j
        iris = 0.105 if pose.anger < 0.5 else 0.075
        self.fill(_ellipse(pupil, iris, min(iris * 1.1, 0.16 * lids)), IRIS)
        self.fill(_ellipse(pupil - 0.03 - 0.035j, 0.032, 0.032), EYE_WHITE)
        if pose.anger > 0.2:
            lid = np.array([0.2 * side - 0.24j, -0.2 * side - 0.24j, -0.2 * side + 0.0j, 0.2 * side - 0.15j])
            self.fill(middle + lid, mix(SKIN, RED_SKIN, pose.red))

    def brow(self, pose: Pose, side: int, slide: complex) -> None:
        inner = (0.13 * side) + 1j * (-0.36 - 0.12 * max(pose.brows, 0) + 0.2 * pose.anger)
        outer = (0.56 * side) + 1j * (-0.36 - 0.10 * pose.brows - 0.12 * pose.anger)
        middle = (inner + outer) / 2 - 0.05j * (1 - 1.4 * pose.anger)
        width = 0.085 + 0.05 * pose.anger
        self.stroke(np.array([inner, middle, outer]) + slide, width, LINE)
        if pose.anger > 0.5:
            crease = np.array([0.06 * side - 0.3j, 0.05 * side - 0.1j])
            self.stroke(crease + slide, 0.04, mix(SKIN_SHADE, RED_SHADE, 1))

    def mouth(self, pose: Pose, slide: complex) -> None:
        centre = 0.52j + slide
        smile = pose.joy * (1 - pose.anger) - 0.5 * pose.anger
        width = 0.27 + 0.1 * abs(pose.joy) + 0.12 * pose.anger - 0.04 * pose.mouth
        # A shout is square, a smile is round.
        bow = np.abs(ACROSS) ** (2 + 3 * pose.anger)
        upper = width * ACROSS + 1j * ((0.06 - 0.05 * pose.mouth) * smile - 0.16 * pose.mouth * pose.anger)
        upper = upper + 1j * bow * (-0.16 * smile + 0.16 * pose.mouth * pose.anger)
        opening = 0.42 * pose.mouth * (1 + 0.35 * pose.anger)
        lower = upper + 1j * opening * (1 - bow)
        if opening < 0.04:
            self.stroke(centre + upper, 0.05, LIP)
            return
        self.fill(centre + np.concatenate([upper * 1.1, (lower * 1.08 + 0.02j)[::-1]]), LIP)
        self.fill(centre + np.concatenate([upper, lower[::-1]]), MOUTH)
        if opening > 0.3:
            tongue = _ellipse(centre + lower[5] - 0.07j, 0.5 * width, 0.07)
            self.fill(tongue, TONGUE)
        teeth = max(pose.anger, 0.7 * pose.joy)
        if teeth > 0.4 and opening > 0.08:
            band = min(0.11 * teeth, 0.4 * opening)
            top = upper[1:-1]
            self.fill(centre + np.concatenate([top, (top + 1j * band * (1 - bow[1:-1]))[::-1]]), TEETH)
            if pose.anger > 0.5:
                low = lower[2:-2]
                self.fill(centre + np.concatenate([low, (low - 1j * band * 0.9)[::-1]]), TEETH)

    def headset(self, slide: complex) -> None:
        band = 1.02 * np.exp(1j * np.linspace(np.pi, 2 * np.pi, 15))
        self.stroke(0.93 * band - 0.18j, 0.12, HEADSET)
        for side in (-1, 1):
            self.fill(_ellipse(0.9 * side + 0.02j, 0.16, 0.29), HEADSET)
            self.fill(_ellipse(0.93 * side + 0.02j, 0.08, 0.18), colour(self.look.strip))
        self.stroke(np.array([-0.92 + 0.25j, -0.8 + 0.66j, -0.52 + 0.78j + 0.5 * slide]), 0.05, HEADSET)
        self.fill(_ellipse(-0.48 + 0.78j + 0.5 * slide, 0.09, 0.07), HEADSET)

    def arm(self, pose: Pose, side: int) -> None:
        x, y = (pose.left_x, pose.left_y) if side < 0 else (pose.right_x, pose.right_y)
        self.place(self.middle + 0j, 1 + 0j)
        lean = 0.6 * (pose.size - 1)
        hand = x + 1j * y
        shoulder = side * (0.25 + 0.1 * lean) + 0.6 * pose.x + 1j * (0.82 - 0.2 * lean)
        reach = abs(hand - shoulder)
        # The elbow gives way outwards and down as the hand comes near the shoulder.
        elbow = (shoulder + hand) / 2 + max(0.0, 0.42 - reach) * (0.5 * side + 0.55j)
        sleeve = colour(self.look.shirt, 0.8)
        self.stroke(np.array([shoulder, elbow, elbow * 0.55 + hand * 0.45]), 0.115, sleeve)
        skin, shade = mix(SKIN, RED_SKIN, 0.5 * pose.red), mix(SKIN_SHADE, RED_SHADE, 0.5 * pose.red)
        self.stroke(np.array([elbow * 0.5 + hand * 0.5, hand]), 0.075, shade)
        self.fill(_ellipse(elbow, 0.056, 0.056), sleeve)
        if pose.cup and side > 0:
            self.fill(hand + np.array([-0.15 - 0.1j, 0.0 - 0.1j, -0.02 + 0.07j, -0.13 + 0.07j]), CUP)
            self.fill(hand + np.array([-0.145 - 0.04j, -0.005 - 0.04j, -0.012 + 0.01j, -0.138 + 0.01j]), CUP_STRIPE)
        self.fill(_ellipse(hand, 0.064, 0.06), shade)
        self.fill(_ellipse(hand - 0.004j, 0.057, 0.053), skin)
        if pose.anger > 0.5:
            for finger in (-0.03, 0.0, 0.03):
                self.stroke(hand + finger + np.array([-0.045j, 0.0j]), 0.009, shade)
        elif y < 0.7:
            for finger in (-0.045, -0.015, 0.015, 0.045):
                self.stroke(hand + np.array([0.7 * finger, 1.1 * finger - 0.085j]), 0.027, skin)


@functools.cache
def colour(rgb: tuple[int, ...], brightness: float = 1.0) -> tuple[int, ...]:
    """A colour as luma and chroma, 0 to 255."""
    return tuple(yuv(np.minimum(255, np.array(rgb) * brightness)).tolist())


def mix(first: tuple[int, ...], second: tuple[int, ...], share: float) -> tuple[int, ...]:
    """The colour, as luma and chroma, at `share` (0 to 1) of the way between two RGB colours."""
    # In sixteenths, so that there are few enough to keep.
    part = round(share * 16) / 16
    return colour(tuple(a + (b - a) * part for a, b in zip(first, second, strict=True)))


BLUSH, RED_BLUSH = (240, 168, 146), (232, 92, 76)
HAIR_COLOUR, HAIR_GLEAM, LINE = colour(HAIR), colour(HAIR_LIGHT), colour((48, 30, 36))
EYE_WHITE, IRIS = colour((250, 250, 248)), colour((50, 96, 110))
MOUTH, LIP, TONGUE, TEETH = (colour(c) for c in ((92, 20, 28), (176, 84, 80), (214, 96, 96), (252, 250, 242)))
HEADSET, CHAIR_COLOUR, DESK, DESK_EDGE = (colour(c) for c in ((34, 34, 42), (44, 42, 52), (92, 64, 46), (140, 104, 76)))
CUP, CUP_STRIPE = colour((236, 236, 230)), colour((220, 90, 70))
