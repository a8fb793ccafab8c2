"""The atlas of lettering: number plates and shop signs, drawn once as one texture.

Invariants:
    * uint8 (ATLAS_PX, ATLAS_PX, 3), RGB; cells are (left, top, right, bottom), 0..1, y down.
    * Plates are drawn at random: province 37 (Nghệ An) mostly, any resemblance is chance.

Source of the plate pattern: Circular 79/2024/TT-BCA (province, series, five digits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.simulation.draws import chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.mesh import Cell


ATLAS_PX = 2048
PLATE_PX, SIGN_PX = (128, 95), (512, 96)
PLATES, SIGNS = 128, 40
BOLD = 700
SHOPS = (
    "PHỞ BÒ NAM ĐÀN", "CÀ PHÊ SÔNG LAM", "TIỆM VÀNG NGỌC HÀ", "NHÀ THUỐC AN KHANG", "SỬA XE MÁY",
    "CHÁO LƯƠN VINH", "ĐIỆN MÁY QUANG TRUNG", "THỜI TRANG NỮ", "BÁNH MÌ", "TẠP HÓA CÔ BA",
    "VẬT LIỆU XÂY DỰNG", "CẮT TÓC NAM", "PHOTO COPY", "BÚN BÒ HUẾ", "NHÀ NGHỈ HOA SEN",
    "ĐIỆN THOẠI 3G", "VẢI RÈM THU HƯƠNG", "HẢI SẢN CỬA LÒ", "BIA HƠI", "KÍNH MẮT SÀI GÒN",
)  # fmt: skip
SIGN_COLOURS = ((0xB0, 0x1E, 0x24), (0x12, 0x4E, 0x96), (0x0E, 0x76, 0x45), (0xE8, 0xE6, 0xDE),
                (0xE0, 0xB0, 0x20), (0x5A, 0x2A, 0x6E))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lettering:
    """The texture, its cells, and what the plates say."""

    image: NDArray[np.uint8]
    plates: tuple[tuple[str, Cell], ...]
    signs: tuple[Cell, ...]


def draw_lettering(rng: np.random.Generator) -> Lettering:
    """Return an atlas with plates and signs of this seed."""
    image = np.full((ATLAS_PX, ATLAS_PX, 3), 235, np.uint8)
    plates: list[tuple[str, Cell]] = []
    signs: list[Cell] = []
    across = ATLAS_PX // PLATE_PX[0]
    for number in range(PLATES):
        at = number % across * PLATE_PX[0], number // across * PLATE_PX[1]
        text = _number(rng)
        _draw_plate(image, at, text)
        plates.append((text, _cell(at, PLATE_PX)))
    below = -(-PLATES // across) * PLATE_PX[1]
    for number in range(SIGNS):
        at = number % 4 * SIGN_PX[0], below + number // 4 * SIGN_PX[1]
        _draw_sign(image, at, SHOPS[number % len(SHOPS)], rng)
        signs.append(_cell(at, SIGN_PX))
    return Lettering(image, tuple(plates), tuple(signs))


def _cell(at: tuple[int, int], size: tuple[int, int]) -> Cell:
    """Return a cell two pixels inside its place, so that neighbours do not bleed into it."""
    left, top = at[0] + 2, at[1] + 2
    right, bottom = at[0] + size[0] - 2, at[1] + size[1] - 2
    return left / ATLAS_PX, top / ATLAS_PX, right / ATLAS_PX, bottom / ATLAS_PX


def _number(rng: np.random.Generator) -> str:
    """Return a number such as ``37-B1 482.15``."""
    province = "37" if chance(rng, 0.85) else str(rng.choice(["29", "36", "38", "43"]))
    series = f"{rng.choice(list('ABCDEFGHKLMNPSTUV'))}{rng.integers(1, 10)}"
    digits = f"{rng.integers(0, 100000):05d}"
    return f"{province}-{series} {digits[:3]}.{digits[3:]}"


def _write(image: Any, text: str, box: tuple[int, int, int, int], colour: Any) -> None:
    """Write a line of text as large as it fits into (x, y, width, height)."""
    x, y, width, height = box
    face = cv2.FontFace("sans")
    left, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), face, height, BOLD)
    size = min(height, int(height * width / wide))
    left, wide = left * size // height, wide * size // height
    start = x + (width - wide) // 2 - left, y + (height + int(size * 0.72)) // 2
    cv2.putText(image, text, start, colour, face, size, BOLD)


def _draw_plate(image: NDArray[np.uint8], at: tuple[int, int], text: str) -> None:
    """Draw a two-line plate."""
    x, y = at
    wide, high = PLATE_PX
    cv2.rectangle(image, (x + 3, y + 3), (x + wide - 4, y + high - 4), (30, 30, 30), 2)
    first, second = text.split(" ")
    _write(image, first, (x + 10, y + 6, wide - 20, 40), (15, 15, 15))
    _write(image, second, (x + 8, y + 46, wide - 16, 44), (15, 15, 15))


def _draw_sign(
    image: NDArray[np.uint8], at: tuple[int, int], text: str, rng: np.random.Generator
) -> None:
    """Draw a shop's sign: name, small line below."""
    x, y = at
    colour = SIGN_COLOURS[int(rng.integers(len(SIGN_COLOURS)))]
    ink = (250, 245, 235) if sum(colour) < 420 else (170, 25, 30)  # noqa: PLR2004 - dark ground
    cv2.rectangle(image, at, (x + SIGN_PX[0] - 1, y + SIGN_PX[1] - 1), colour, -1)
    _write(image, text, (x + 14, y + 8, SIGN_PX[0] - 28, 54), ink)
    phone = f"ĐT: 0{rng.integers(300, 999)}.{rng.integers(100, 999)}.{rng.integers(100, 999)}"
    _write(image, phone, (x + 120, y + 66, SIGN_PX[0] - 240, 22), ink)
