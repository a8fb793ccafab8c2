"""Make many pictures of few: other sizes, other light, other weather, worse cameras.

All pictures are uint8 (height, width, 3) BGR; boxes are float32 (n, 4), left, top, right, bottom in
pixels. Each function draws from the generator it is given and changes nothing in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.letterbox import PAD_VALUE
from models.labels import IGNORED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

KEPT_SHARE = 0.4
"""A box of which less than this part is left after cutting counts neither way."""
LEAST_PX = 4.0
FOUR_SHARE = 0.35
SCALES = (0.65, 1.9)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A picture, its boxes (n, 4) in pixels and their class numbers (n,)."""

    image: NDArray[np.uint8]
    classes: NDArray[np.int64]
    boxes: NDArray[np.float32]


def vary(
    picks: Sequence[Labelled], input_px: tuple[int, int], rng: np.random.Generator
) -> Labelled:
    """Return one training picture of (width, height): of the first pick, or of four together."""
    width, height = input_px
    canvas = np.full((height, width, 3), PAD_VALUE, np.uint8)
    regions = [(0, 0, width, height)]
    if len(picks) > 1 and rng.random() < FOUR_SHARE:
        x, y = (round(side * rng.uniform(0.35, 0.65)) for side in input_px)
        regions = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    parts = [
        put(pick, canvas, region, rng, least=1.0 if len(regions) > 1 else SCALES[0])
        for pick, region in zip(picks, regions, strict=False)
    ]
    classes = np.concatenate([part[0] for part in parts])
    boxes = np.concatenate([part[1] for part in parts])
    return Labelled(spoil(canvas, rng), classes, boxes.astype(np.float32))


def put(
    pick: Labelled,
    canvas: NDArray[np.uint8],
    region: tuple[int, int, int, int],
    rng: np.random.Generator,
    least: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Draw a pick, scaled, shifted and perhaps mirrored, into a region; return what is left."""
    x1, y1, x2, y2 = region
    high, wide = pick.image.shape[:2]
    fit = min((x2 - x1) / wide, (y2 - y1) / high)
    scale = fit * float(np.exp(rng.uniform(np.log(least), np.log(SCALES[1]))))
    image = cv2.resize(
        pick.image, None, fx=scale, fy=scale,
        interpolation=cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR,  # noqa: PLR2004
    )  # fmt: skip
    boxes = pick.boxes * np.float32(scale)
    if rng.random() < 0.5:  # noqa: PLR2004 - even chances
        image = image[:, ::-1]
        boxes = boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
        boxes = boxes + np.array([image.shape[1], 0] * 2, np.float32)
    shift = [
        x1 + _slide(x2 - x1 - image.shape[1], rng),
        y1 + _slide(y2 - y1 - image.shape[0], rng),
    ]
    _paste(image, canvas, region, shift)
    return cut(pick.classes, boxes + np.array(shift * 2, np.float32), region)


def _slide(room: int, rng: np.random.Generator) -> int:
    """Return an offset that keeps a picture within its region, or its region within it."""
    return int(rng.integers(min(room, 0), max(room, 0) + 1))


def _paste(
    image: Any, canvas: NDArray[np.uint8], region: tuple[int, int, int, int], shift: list[int]
) -> None:
    """Copy what of the shifted image lies in the region."""
    left, top = max(region[0], shift[0]), max(region[1], shift[1])
    right = min(region[2], shift[0] + image.shape[1])
    bottom = min(region[3], shift[1] + image.shape[0])
    rows, columns = (
        slice(top - shift[1], bottom - shift[1]),
        slice(left - shift[0], right - shift[0]),
    )
    canvas[top:bottom, left:right] = image[rows, columns]


def cut(
    classes: NDArray[np.int64], boxes: NDArray[np.float32], region: tuple[int, int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return boxes cut at a region's edge; of what little is left nobody is asked."""
    low, high = np.array(region[:2] * 2, np.float32), np.array(region[2:] * 2, np.float32)
    inside = boxes.clip(low, high)
    sides = inside[:, 2:] - inside[:, :2]
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    left = sides.prod(axis=1) / np.maximum(whole, np.float32(1e-6))
    there = sides.min(axis=1, initial=np.inf) > 1
    asked = (left >= KEPT_SHARE) & (sides.min(axis=1, initial=np.inf) >= LEAST_PX)
    return np.where(asked, classes, IGNORED)[there], inside[there]


def spoil(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture as a worse camera in worse weather would send it."""
    for chance, change in SPOILERS:
        if rng.random() < chance:
            image = change(image, rng)
    return image


def recolour(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return other hue, saturation, brightness and contrast."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-6, 6)) % 180
    hsv[..., 1] *= rng.uniform(0.4, 1.4)
    back = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR).astype(np.float32)
    return _byte((back - 128) * rng.uniform(0.7, 1.25) + 128 + rng.uniform(-25, 25))


def darken(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a night: dark, tinted, grainy, with a few lamps that glare."""
    tint = np.array([rng.uniform(0.6, 1.1), rng.uniform(0.75, 1.0), rng.uniform(0.8, 1.25)])
    dark = 255 * (image / 255.0) ** rng.uniform(1.2, 2.2) * rng.uniform(0.35, 0.8) * tint
    return glare(grain(_byte(dark), rng), rng)


def glare(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture with a few lamps shining into the lens."""
    height, width = image.shape[:2]
    light = np.zeros((height // 4, width // 4), np.float32)
    for _ in range(int(rng.integers(1, 7))):
        at = int(rng.integers(width // 4)), int(rng.integers(height // 4))
        cv2.circle(light, at, int(rng.integers(1, 5)), float(rng.uniform(0.5, 1.5)), -1)
    soft = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(2, 6)))
    return _byte(image + 255 * cv2.resize(soft, (width, height))[..., None])


def veil(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return haze or dust, thicker towards the top of the picture, where the road is far."""
    colour = np.array([rng.uniform(110, 220), rng.uniform(150, 220), rng.uniform(180, 225)])
    share = np.linspace(rng.uniform(0.3, 0.75), rng.uniform(0, 0.3), image.shape[0])
    return _byte(image * (1 - share[:, None, None]) + colour * share[:, None, None])


def rain(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return streaks of rain and the dull contrast that comes with them."""
    height, width = image.shape[:2]
    drops = np.zeros((height, width), np.uint8)
    lean, length = int(rng.integers(-4, 5)), int(rng.integers(6, 20))
    for x, y in rng.integers((width, height), size=(int(rng.integers(60, 300)), 2)).tolist():
        cv2.line(drops, (x, y), (x + lean, y + length), int(rng.integers(60, 160)), 1)
    return _byte((image - 128.0) * rng.uniform(0.6, 0.9) + 120 + 0.6 * drops[..., None])


def grain(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture with a sensor's noise."""
    return _byte(image + rng.normal(0, rng.uniform(2, 12), image.shape[:2])[..., None])


def blur(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture out of focus or moved."""
    if rng.random() < 0.5:  # noqa: PLR2004 - even chances
        return np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 1.4))), np.uint8)
    size = int(rng.integers(2, 6))
    return np.asarray(cv2.blur(image, (size, 1)), np.uint8)


def compress(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture through a hard compression."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 70))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def shrink(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture of a camera with fewer pixels."""
    height, width = image.shape[:2]
    share = float(rng.uniform(0.5, 0.9))
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)


def _byte(values: Any) -> NDArray[np.uint8]:
    """Return values rounded into 0..255."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


SPOILERS: tuple[
    tuple[float, Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]], ...
] = (
    (0.6, recolour),
    (0.12, darken),
    (0.08, veil),
    (0.06, rain),
    (0.05, glare),
    (0.12, shrink),
    (0.15, blur),
    (0.15, grain),
    (0.3, compress),
)
