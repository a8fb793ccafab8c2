"""From a network's candidates to road users: our classes, one box per vehicle, riders on bikes.

Three steps, each a pure function of boxes:

1. Classes that are not road users are dropped, the others get our names.
2. Overlaps: among vehicles the strongest box wins whatever its class (networks like to call one
   object bus *and* truck); people are compared with people only.
3. Riders: a person box that sits on a two-wheeler is dropped and the two-wheeler's box grows to
   hold the rider, so that a rider whose bike was missed in the next frame still overlaps its track.

What remains a ``person`` is on foot as far as one frame can tell. Two mistakes remain and are the
tracker's and the rules' to outvote over time: a rider whose bike the network missed looks like a
person, and a pedestrian close in front of a parked bike is taken for its rider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.contract.road_users import TWO_WHEELERS
from edge.detector.classes import road_user
from edge.geometry import box_areas, iou
from edge.scene import Detections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.detector.protocol import Candidates

MAX_OVERLAP = 0.55
"""Two boxes that share more are one object. Source: measured on 32 labelled frames of a dense Hà
Nội queue: 0.5 to 0.8 find the same motorbikes, 0.8 with a quarter more double boxes."""
MIN_SIDE_PX = 2.0
RIDER_MIN_SHARE = 0.3
"""Share of the smaller of the two boxes that lies in the other. A rider above a bike box that holds
only the bike shares about 0.4; side by side shares less than 0.2."""
RIDER_BELOW = 0.1
"""A rider's feet end at most this part of the rider's height below the wheels."""
RIDER_ASIDE = 0.15
"""A rider's middle is at most this part of the bike's width outside the bike."""
RIDER_MAX_HEIGHTS = 2.5
"""A person much taller than the bike box stands nearer to the camera than the bike."""


def road_users(found: Candidates, classes: Sequence[str], source_px: tuple[int, int]) -> Detections:
    """Return the road users among candidates, clipped to a picture of (width, height)."""
    names = [road_user(classes[i]) for i in found.class_ids]
    limits = np.array([*source_px, *source_px], np.float32)
    xyxy = np.clip(found.xyxy, 0, limits)
    large = (xyxy[:, 2:] - xyxy[:, :2]).min(axis=1, initial=np.inf) >= MIN_SIDE_PX
    keep = [i for i, name in enumerate(names) if name is not None and large[i]]
    is_person = np.array([names[i] == "person" for i in keep], bool)
    kept = np.array(keep, np.int64)
    order = [
        *kept[is_person][strongest(xyxy[kept[is_person]], found.scores[kept[is_person]])],
        *kept[~is_person][strongest(xyxy[kept[~is_person]], found.scores[kept[~is_person]])],
    ]
    detections = Detections(xyxy[order], found.scores[order], tuple(names[i] or "" for i in order))
    return with_riders(detections)


def strongest(xyxy: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the indices of boxes (n, 4) that no stronger kept box overlaps, strongest first.

    Ties go to the larger box, then to its place, so the order of the input does not matter.
    """
    order = np.lexsort((xyxy[:, 1], xyxy[:, 0], -box_areas(xyxy), -scores))
    too_close = iou(xyxy[order], xyxy[order]) > MAX_OVERLAP
    alive = np.ones(len(order), bool)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= ~too_close[i, i + 1 :]
    return order[alive].astype(np.int64)


def with_riders(detections: Detections) -> Detections:
    """Merge people into the two-wheelers they sit on; all else passes unchanged."""
    names = np.array(detections.class_names)
    bikes = np.flatnonzero(np.isin(names, list(TWO_WHEELERS)))
    people = np.flatnonzero(names == "person")
    if not len(bikes) or not len(people):
        return detections
    xyxy, scores = detections.xyxy.copy(), detections.scores.copy()
    share = rider_share(xyxy[people], xyxy[bikes])
    # The surest bike gets the rider: a faint box around the rider's own legs shares even more.
    claim = np.where(share >= RIDER_MIN_SHARE, share * scores[bikes], 0)
    best = claim.argmax(axis=1)
    riding = claim[np.arange(len(people)), best] > 0
    for person, bike in zip(people[riding], bikes[best[riding]], strict=True):
        rider = detections.xyxy[person]
        xyxy[bike, :2] = np.minimum(xyxy[bike, :2], rider[:2])
        xyxy[bike, 2:] = np.maximum(xyxy[bike, 2:], rider[2:])
        scores[bike] = max(scores[bike], detections.scores[person])
    keep = np.setdiff1d(np.arange(len(names)), people[riding])
    return Detections(xyxy[keep], scores[keep], tuple(detections.class_names[i] for i in keep))


def rider_share(people: NDArray[np.float32], bikes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much of the smaller box lies in the other, zero where nobody can sit so.

    people: (n, 4), bikes: (m, 4), source pixels; returns float32 (n, m), 0..1.
    """
    p, b = people[:, None], bikes[None]
    width = np.minimum(p[..., 2], b[..., 2]) - np.maximum(p[..., 0], b[..., 0])
    height = np.minimum(p[..., 3], b[..., 3]) - np.maximum(p[..., 1], b[..., 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    smaller = np.minimum(box_areas(people)[:, None], box_areas(bikes)[None])
    tall, bike_tall = p[..., 3] - p[..., 1], b[..., 3] - b[..., 1]
    middle = (p[..., 0] + p[..., 2]) / 2
    aside = RIDER_ASIDE * (b[..., 2] - b[..., 0])
    sits = (
        (p[..., 3] <= b[..., 3] + RIDER_BELOW * tall)
        & (p[..., 1] <= b[..., 1] + 0.5 * bike_tall)
        & (middle >= b[..., 0] - aside)
        & (middle <= b[..., 2] + aside)
        & (tall <= RIDER_MAX_HEIGHTS * bike_tall)
    )
    return np.where(sits, shared / np.maximum(smaller, np.float32(1e-9)), np.float32(0))
