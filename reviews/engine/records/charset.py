"""Text for the PDF: only characters that the fonts inside typst can draw; every other one is shown by its number.

record.json keeps every text as it was typed. Control characters and those that turn the direction of writing are
shown by number on purpose: a reader must see them.
"""

import unicodedata
from typing import Final

# Checked by a test that draws all of them in every face the template uses.
_RANGES: Final = (
    (0x0020, 0x007E),  # basic Latin
    (0x00A0, 0x00AC),  # Latin-1, without the soft hyphen
    (0x00AE, 0x017F),  # and Latin Extended-A
    (0x0218, 0x021B),  # Romanian
    (0x0386, 0x0386),  # Greek
    (0x0388, 0x038A),
    (0x038C, 0x038C),
    (0x038E, 0x03A1),
    (0x03A3, 0x03CE),
    (0x0400, 0x045F),  # Cyrillic
    (0x0490, 0x0491),
    (0x1E80, 0x1E85),
    (0x2010, 0x2015),  # dashes
    (0x2018, 0x201E),  # quotation marks
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x2030),
    (0x2032, 0x2033),
    (0x2039, 0x203A),
    (0x20AC, 0x20AC),  # euro
    (0x2116, 0x2116),  # numero
    (0x2122, 0x2122),
    (0x2190, 0x2193),  # arrows
    (0x2212, 0x2212),
    (0x2260, 0x2260),
    (0x2264, 0x2265),
)
DRAWN: Final = frozenset(chr(code) for first, last in _RANGES for code in range(first, last + 1))


def drawn(text: str) -> str:
    """The text with line ends kept and every character that cannot be drawn as `[U+1F600]`."""
    normal = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", "    ")
    return "".join(char if char in DRAWN or char == "\n" else f"[U+{ord(char):04X}]" for char in normal)


def one_line(text: str) -> str:
    """The text for a line of its own: white space is one space, what is not printable is `?`."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))
