"""Fonts for text in pictures. The default is installed with the requirements, so it is the same on all machines."""

import reprlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

from autotosis.project import names
from autotosis.project.errors import UserError

# Found without importing matplotlib, which would take a fifth of a second in every process.
BOLD = Path(getattr(find_spec("matplotlib"), "origin", "")).parent / "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"
# The font size at which texts are measured (pixels).
MEASURED = 100


@dataclass(frozen=True)
class Font:
    """A font.

    Attributes
    ----------
    path : Path
        The font's file.
    family : str
        The name by which libass finds the font.
    bold : bool
        Whether the font is bold.
    characters : frozenset of int
        The code points of the characters that the font has.
    """

    path: Path
    family: str
    bold: bool
    characters: frozenset[int]

    def width(self, text: str) -> float:
        """Measure the width of a text, in units of the font's size. To libass, that is ascent plus descent.

        A character that the font lacks counts as 1, because other fonts draw it at most that wide.
        """
        font = ImageFont.truetype(self.path, MEASURED)
        own = "".join(character for character in text if ord(character) in self.characters)
        return font.getlength(own) / sum(font.getmetrics()) + len(text) - len(own)


def load(path: Path) -> Font:
    """Read a font from a file; UserError if the file contains no font, or one whose name no style can hold."""
    try:
        with path.open("rb") as file:
            if file.read(4) == b"wOF2":
                # To read it, fontTools would need a library that is not installed.
                raise ValueError("it is compressed as WOFF2")
        family, style = ImageFont.truetype(path, MEASURED).getname()
        font = TTFont(path, fontNumber=0, lazy=True)
        # Pillow has another name of families with more weights than two, under which libass would not find the font.
        legacy_family = font["name"].getName(1, 3, 1)
        characters = frozenset(font.getBestCmap() or ())
    except (OSError, LookupError, ValueError, AssertionError, TTLibError) as error:
        raise UserError(f"{path}: not a font that can be read ({error}); name a TTF or OTF file") from None
    name = str(legacy_family or family or "")
    # The styles of the overlay are lines of fields, separated by commas.
    if "," in name or names.UNFIT.search(name):
        raise UserError(
            f"{path}: its family name, {reprlib.repr(name)}, has a comma or control character; name another font"
        )
    return Font(path, name, "bold" in (style or "").lower(), characters)
