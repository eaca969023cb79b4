"""Fonts for text in pictures. The default is installed with the requirements, so it is the same on all machines."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

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
    """

    path: Path
    family: str
    bold: bool

    def width(self, text: str) -> float:
        """Measure the width of a text, in units of the font's size. To libass, that is ascent plus descent."""
        font = ImageFont.truetype(self.path, MEASURED)
        return font.getlength(text) / sum(font.getmetrics())


def load(path: Path) -> Font:
    """Read a font from a file; UserError if the file contains no font."""
    try:
        family, style = ImageFont.truetype(path, MEASURED).getname()
        # Pillow has another name of families with more weights than two, under which libass would not find the font.
        known = TTFont(path, fontNumber=0, lazy=True)["name"].getName(1, 3, 1)
    except (OSError, KeyError, UnicodeError, TTLibError) as error:
        raise UserError(f"{path}: not a font that can be read ({error}); name a TTF or OTF file") from None
    return Font(path, str(known or family or ""), "bold" in (style or "").lower())
