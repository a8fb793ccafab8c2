"""Real pictures that may be shipped from, labelled by two stronger networks that must agree.

Two teachers look at every picture, the first at the whole, the second, where a set has no labels
of use, also at four overlapping enlarged parts of it. What both see, or one sees surely, becomes a
label; what one sees faintly is marked as not counting, so that the network is neither taught it nor
punished for it. Labels that came with a set win over teachers.

The teachers' licences do not pass to the boxes they draw; the sets' own licences do, see ``CARD``.

Invariants: nothing here reads an evaluation set; teachers never run on a box.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.select import strongest
from edge.geometry import iou
from edge.scene import Frame
from models.classes import FROM_PRODUCT, number
from models.labels import IGNORED, PICTURES, read_labels, write_labels
from models.riders import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.detector.onnx import Detector

AGREE_IOU = 0.5
BOTH_SCORE, ALONE_SCORE, FAINT_SCORE = 0.25, 0.55, 0.12
"""Two teachers agree at this score, one is believed alone at this one, and below the last nothing
is there. Source: chosen by eye on training pictures."""
PART = 0.6
"""Width and height of an enlarged part, share of the picture."""
EDGE_SHARE = 0.02
AT = datetime(2026, 1, 1, tzinfo=UTC)
WIDEST_PX = 960
INDONESIA = {0: number("bus"), 1: number("car"), 2: number("motorbike"), 3: number("person"),
             4: number("truck")}  # fmt: skip
BANGKOK = 100
"""One camera on one morning: more of its pictures cost time and bring nothing new."""
FILMS_EVERY_S = {
    "us-suburban-road-28s": 1.0,
    "intel-car-detection-30s": 1.5,
    "cn-expressway-roadtrack-71s": 2.0,
}
"""Films that may be shown and are licensed → seconds between the frames taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Boxes (n, 4) in pixels, scores (n,), our class numbers (n,)."""

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


def look(teacher: Detector, picture: NDArray[np.uint8], *, closely: bool) -> Seen:
    """Return what a teacher sees in a BGR picture, riders merged; ``closely``: in parts too."""
    height, width = picture.shape[:2]
    views = [(0, 0, width, height)]
    wide, high = round(width * PART), round(height * PART)
    if closely:
        views += [(x, y, x + wide, y + high) for x in (0, width - wide) for y in (0, height - high)]
    boxes, scores, kinds = [], [], []
    for x1, y1, x2, y2 in views:
        found = teacher.detect(Frame("teacher", picture[y1:y2, x1:x2], AT, 0.0))
        whole = x2 - x1 == width
        for box, score, name in zip(found.xyxy, found.scores, found.class_names, strict=True):
            ours = FROM_PRODUCT.get(name)
            if ours and (whole or not _cut(box, (wide, high), (x1, y1), (width, height))):
                boxes.append(box + np.array([x1, y1, x1, y1], np.float32))
                scores.append(score)
                kinds.append(number(ours))
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    points, classes = np.array(scores, np.float32), np.array(kinds, np.int64)
    best = strongest(xyxy, points)
    return Seen(xyxy[best], points[best], classes[best])


def _cut(
    box: NDArray[np.float32],
    part_px: tuple[int, int],
    at: tuple[int, int],
    whole_px: tuple[int, int],
) -> bool:
    """Say whether a part's inner edge cuts a box: the whole picture knows better."""
    margin = EDGE_SHARE * max(part_px)
    return bool(
        (box[0] < margin and at[0] > 0)
        or (box[1] < margin and at[1] > 0)
        or (box[2] > part_px[0] - margin and at[0] + part_px[0] < whole_px[0])
        or (box[3] > part_px[1] - margin and at[1] + part_px[1] < whole_px[1])
    )


def agree(first: Seen, second: Seen) -> Seen:
    """Return labels of two teachers: sure ones with their class, doubtful ones ``IGNORED``."""
    xyxy = np.concatenate([first.xyxy, second.xyxy])
    scores = np.concatenate([first.scores, second.scores])
    classes = np.concatenate([first.classes, second.classes])
    source = np.repeat([0, 1], [len(first.scores), len(second.scores)])
    close = iou(xyxy, xyxy) >= AGREE_IOU
    other = source[:, None] != source[None]
    backed = (close & other & (scores[None] >= BOTH_SCORE)).any(1) & (scores >= BOTH_SCORE)
    sure = backed | (scores >= ALONE_SCORE)
    rank = scores + sure  # a sure box outlives a doubtful one
    best = strongest(xyxy, rank.astype(np.float32))
    best = best[scores[best] >= FAINT_SCORE]
    kinds = np.where(sure[best], classes[best], IGNORED)
    return Seen(xyxy[best], scores[best], kinds)


def complete(
    given: tuple[NDArray[np.int64], NDArray[np.float32]], taught: Seen
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return given boxes and those of the teachers that none of them overlaps."""
    classes, xyxy = given
    free = np.ones(len(taught.scores), bool)
    if len(xyxy):
        free = iou(taught.xyxy, xyxy).max(1) < AGREE_IOU
    return (
        np.concatenate([classes, taught.classes[free]]),
        np.concatenate([xyxy, taught.xyxy[free]]).astype(np.float32),
    )


def label_all(assets: Path, target: Path, teachers: Sequence[Detector]) -> None:
    """Label every real picture that may be shipped from."""
    labelled = assets / "labelled"
    label_folder(
        labelled / "helmet_cctv_bangkok/train", target / "bangkok", teachers, None, BANGKOK
    )
    source = labelled / "highway40_indonesia/train"
    label_folder(source, target / "indonesia", teachers, INDONESIA)
    for name, every_s in FILMS_EVERY_S.items():
        label_film(assets / "video" / f"{name}.mp4", target / "clips", teachers, every_s)


def label_folder(
    source: Path,
    target: Path,
    teachers: Sequence[Detector],
    given: Mapping[int, int] | None,
    most: int | None = None,
) -> int:
    """Label the (first ``most``) pictures of a set that are not labelled yet; say how many.

    ``given`` maps the set's own classes to ours, riders apart from their bikes; None when it has
    none of use, and then the second teacher looks closely.
    """
    found = sorted(p for p in (source / "images").iterdir() if p.suffix.lower() in PICTURES)
    pictures = found[:most]
    for picture in pictures:
        if (target / f"{picture.stem}.jpg").is_file():
            continue
        image: Any = cv2.imread(str(picture))
        size = (image.shape[1], image.shape[0])
        own = (np.empty(0, np.int64), np.empty((0, 4), np.float32))
        if given is not None:
            kinds, shares = read_labels(source / "labels" / f"{picture.stem}.txt", given)
            own = merged(kinds, shares * np.array([*size, *size], np.float32))
        taught = taught_by(teachers, image, closely=given is None)
        _write(target, picture.stem, image, complete(own, taught))
    return len(pictures)


def label_film(film: Path, target: Path, teachers: Sequence[Detector], every_s: float) -> int:
    """Label a frame of a film every so many seconds."""
    count = 0
    for count, image in enumerate(frames_of(film, every_s), start=1):
        own = (np.empty(0, np.int64), np.empty((0, 4), np.float32))
        found = complete(own, taught_by(teachers, image, closely=True))
        _write(target, f"{film.stem}-{count:03d}", image, found)
    return count


def taught_by(teachers: Sequence[Detector], image: NDArray[np.uint8], *, closely: bool) -> Seen:
    """Return what two teachers agree on; ``closely``: the second looks at parts too."""
    first, second = teachers
    return agree(look(first, image, closely=False), look(second, image, closely=closely))


def frames_of(film: Path, every_s: float) -> Iterator[Any]:
    """Yield BGR frames of a film, ``every_s`` seconds of it apart."""
    reader = cv2.VideoCapture(str(film))
    step = max(round(reader.get(cv2.CAP_PROP_FPS) * every_s), 1)
    number_of_frame = 0
    while reader.grab():
        if number_of_frame % step == 0:
            yield reader.retrieve()[1]
        number_of_frame += 1
    reader.release()


def _write(
    target: Path, stem: str, image: Any, found: tuple[NDArray[np.int64], NDArray[np.float32]]
) -> None:
    """Write a picture, at most ``WIDEST_PX`` wide, and its labels."""
    target.mkdir(parents=True, exist_ok=True)
    size = (image.shape[1], image.shape[0])
    write_labels(target / f"{stem}.txt", *found, size)
    if size[0] > WIDEST_PX:
        small = (WIDEST_PX, round(size[1] * WIDEST_PX / size[0]))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target / f"{stem}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
