"""Labelled pictures on disk: what is written is read, what is not ours is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from models.labels import IGNORED, Sample, digest, read_folder, read_labels, write_labels

if TYPE_CHECKING:
    from pathlib import Path


def picture(path: Path, shade: int = 90) -> Path:
    """Write a small picture and return its path."""
    cv2.imwrite(str(path), np.full((40, 80, 3), shade, np.uint8))
    return path


def test_what_is_written_is_read_in_any_size_of_the_picture(tmp_path: Path) -> None:
    boxes = np.array([[10, 5, 30, 25], [0, 0, 80, 40]], np.float32)
    write_labels(tmp_path / "a.txt", np.array([3, IGNORED]), boxes, (80, 40))

    classes, shares = read_labels(tmp_path / "a.txt")
    sample = Sample(tmp_path / "a.jpg", classes, shares)

    assert classes.tolist() == [3, IGNORED]
    assert sample.boxes_px((80, 40)) == pytest.approx(boxes, abs=1e-3)
    assert sample.boxes_px((160, 80)) == pytest.approx(boxes * 2, abs=1e-3)


def test_classes_that_are_not_mapped_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("4 0.5 0.5 0.2 0.2\n\n7 0.5 0.5 0.2 0.2\n", "utf-8")

    classes, shares = read_labels(path, {4: 0})

    assert classes.tolist() == [0]
    assert shares[0] == pytest.approx([0.4, 0.4, 0.6, 0.6])


def test_boxes_beyond_the_picture_are_cut(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.0 0.5 0.4 2.0\n", "utf-8")

    assert read_labels(tmp_path / "a.txt")[1][0] == pytest.approx([0, 0, 0.2, 1])


def test_an_empty_file_is_a_picture_of_an_empty_road(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("", "utf-8")
    classes, shares = read_labels(tmp_path / "a.txt")

    assert (classes.shape, shares.shape) == ((0,), (0, 4))


def test_a_broken_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2\n", "utf-8")

    with pytest.raises(ValueError, match="not enough values"):
        read_labels(tmp_path / "a.txt")


@pytest.mark.parametrize("apart", [False, True])
def test_labels_lie_beside_pictures_or_in_a_folder_of_their_own(
    tmp_path: Path, *, apart: bool
) -> None:
    pictures, labels = (tmp_path / "images", tmp_path / "labels") if apart else (tmp_path, tmp_path)
    pictures.mkdir(exist_ok=True)
    labels.mkdir(exist_ok=True)
    for name in ("b", "a", "unlabelled"):
        picture(pictures / f"{name}.jpg")
    for name in ("a", "b"):
        (labels / f"{name}.txt").write_text("2 0.5 0.5 0.5 0.5\n", "utf-8")

    assert [sample.picture.stem for sample in read_folder(tmp_path)] == ["a", "b"]


def test_the_hash_of_a_set_changes_with_any_picture_and_any_label(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    write_labels(tmp_path / "a.txt", np.array([0]), np.array([[1, 1, 9, 9]]), (80, 40))
    first = digest(read_folder(tmp_path))

    assert digest(read_folder(tmp_path)) == first
    write_labels(tmp_path / "a.txt", np.array([1]), np.array([[1, 1, 9, 9]]), (80, 40))
    second = digest(read_folder(tmp_path))
    picture(tmp_path / "a.jpg", 91)
    third = digest(read_folder(tmp_path))

    assert len({first, second, third}) == 3
