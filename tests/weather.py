"""Harmless changes of a view: what must open no device incident, made over real clips.

Each is made from a seed and the picture's (height, width), and changes one picture at one second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.tamper import clip_to_byte

if TYPE_CHECKING:
    from numpy.typing import NDArray

Weather = Callable[["NDArray[np.uint8]", float], "NDArray[np.uint8]"]


def nothing(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return the clip as it is."""
    del draw, shape
    return lambda picture, _: picture


def lightning(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return flashes that burn out the picture for a second at most."""
    del shape
    flashes = draw.uniform(8, 34, size=4)

    def change(picture: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        if np.abs(flashes - now_s).min() > 0.4:
            return picture
        return clip_to_byte(picture * 6.0 + 60)

    return change


def clouds(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return a sun that comes and goes within two seconds, between a half and 1.4 of the light."""
    del shape
    times = np.arange(0, 40, 4.0)
    gains = draw.uniform(0.5, 1.4, size=len(times))
    return lambda picture, now_s: clip_to_byte(picture * np.interp(now_s, times, gains))


def day_to_night(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return an exposure that switches to night at a drawn second: grey, dark, noisy."""
    at_s, seed = draw.uniform(14, 24), int(draw.integers(1 << 30))
    curve = (150 * (np.arange(256) / 255) ** draw.uniform(1.4, 2.4)).astype(np.uint8)
    noise = np.random.default_rng(seed)

    def change(picture: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        if now_s < at_s:
            return picture
        dark = cv2.LUT(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), curve)
        grain = noise.normal(0, 4, shape)
        return clip_to_byte(np.repeat((dark + grain)[:, :, None], 3, axis=2))

    return change


def headlights(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return pairs of headlights that come on, bloom over a tenth of the picture and pass."""
    height, width = shape
    starts, ways = draw.uniform(6, 32, size=6), draw.uniform(0.2, 0.8, size=6)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)

    def change(picture: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        lit = picture * 0.5
        for start, way in zip(starts, ways, strict=True):
            part = (now_s - start) / 4.0
            if 0 <= part <= 1:
                size = width * (0.02 + 0.13 * part)
                far = (x - way * width) ** 2 + (y - (0.3 + 0.6 * part) * height) ** 2
                lit += 400 * np.exp(-far / (2 * size**2))[:, :, None]
        return clip_to_byte(lit)

    return change


def heavy_rain(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return streaks all over and a third of the contrast gone, from a drawn second on."""
    height, width = shape
    at_s, noise = draw.uniform(12, 20), np.random.default_rng(int(draw.integers(1 << 30)))

    def change(picture: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        strength = float(np.clip((now_s - at_s) / 5, 0, 1))
        drops = (noise.random((height, width)) > 0.997).astype(np.float32)
        streaks = cv2.blur(drops, (1, max(3, height // 24))) * (height // 24) * 45
        veiled = picture * (1 - 0.3 * strength) + 45 * strength
        return clip_to_byte(veiled + strength * streaks[:, :, None])

    return change


def lorry_fills_the_view(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return the side of a lorry that drives in, hides up to 90 % for 5 s and drives on."""
    height, width = shape
    at_s = draw.uniform(12, 22)
    side = np.full((height, width, 3), draw.uniform(30, 200, size=3), np.float32)
    side[:: max(4, height // 9)] *= 0.7
    side[:, :: max(6, width // 12)] *= 0.8
    side[round(0.8 * height) :] = 25
    share = draw.uniform(0.7, 0.9)

    def change(picture: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        # 2 s in, 5 s there, 2 s out.
        came = np.interp(now_s - at_s, [0, 2, 7, 9], [0, share, share, 0])
        result = picture.astype(np.float32)
        seen = round(float(came) * width)
        if seen:
            result[:, :seen] = side[:, width - seen :]
        return clip_to_byte(result)

    return change


def wind(draw: np.random.Generator, shape: tuple[int, ...]) -> Weather:
    """Return a mast that sways by up to 3 px at 1080p."""
    height, width = shape
    noise = np.random.default_rng(int(draw.integers(1 << 30)))

    def change(picture: NDArray[np.uint8], _: float) -> NDArray[np.uint8]:
        dx, dy = noise.uniform(-3, 3, size=2) * width / 1920
        move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        moved = cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(moved, np.uint8)

    return change


WEATHERS = {
    "as it is": nothing,
    "lightning": lightning,
    "clouds": clouds,
    "day to night": day_to_night,
    "headlights": headlights,
    "heavy rain": heavy_rain,
    "lorry fills the view": lorry_fills_the_view,
    "wind": wind,
}
