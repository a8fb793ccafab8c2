"""Stills of one place by two cameras at once, rendered for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.labels import IGNORED, read_folder
from models.scenes import SIZE_PX, Shoot, render

if TYPE_CHECKING:
    from pathlib import Path


def test_two_cameras_see_the_same_traffic_each_in_its_own_light(tmp_path: Path) -> None:
    count = render(Shoot("expressway", 3, views=2, frames=2, samples=1), tmp_path)
    samples = read_folder(tmp_path)
    pictures = [cv2.imread(str(sample.picture)) for sample in samples]

    assert count == len(samples) == 4
    assert len({sample.picture.stem.split("-")[1] for sample in samples}) == 2
    for sample, picture in zip(samples, pictures, strict=True):
        assert picture is not None
        assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 3)
        assert (sample.classes != IGNORED).sum() >= 3
    first, second = (np.asarray(picture, int) for picture in pictures[::2])
    assert np.abs(first - second).mean() > 10
