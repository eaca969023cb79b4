"""Fonts of what is written into a picture. The default comes with the requirements, so all machines have it."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

from autotosis.project.errors import UserError

# Found without loading matplotlib, which would take a fifth of a second in every process.
BOLD = Path(getattr(find_spec("matplotlib"), "origin", "")).parent / "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"
# At which texts are measured (pixels).
MEASURED = 100


@dataclass(frozen=True)
class Font:
    """A font's file, the name by which libass finds what is in it, and whether that is bold."""

    path: Path
    family: str
    bold: bool

    def width(self, text: str) -> float:
        """How wide a text is, as a share of the font's size, which is to libass how far it reaches up and down."""
        font = ImageFont.truetype(self.path, MEASURED)
        return font.getlength(text) / sum(font.getmetrics())


def load(path: Path) -> Font:
    """The font in a file; UserError if there is none."""
    if not path.is_file():
        raise UserError(f"{path}: no such file, and params.yaml names it as render.style.font")
    try:
        family, style = ImageFont.truetype(path, MEASURED).getname()
    except OSError as error:
        raise UserError(f"{path}: not a font that can be read ({error}); name a TTF or OTF file") from None
    return Font(path, family or "", "bold" in (style or "").lower())
