"""The life of a track: founded, confirmed, seen, coasting, remembered, forgotten.

Invariants:
    * All durations are seconds of the stream's clock and the filter uses the true time step, so 5
      and 30 frames per second, and dropped frames, tell the same story.
    * A track is told to the rules from the moment its detections' scores sum to
      ``CONFIRM_EVIDENCE``, at first with the looks before, then until it is unseen for ``COAST_S``
      (``observed=False`` while it coasts). It is remembered, silently, until ``MEMORY_S``: a
      standing motorbike that was hidden for two seconds comes back under its id. A vehicle that
      leaves the picture does not: its id would go to the next one that comes by there.
    * ``_keep`` is the only place that removes tracks, and it removes every trace of them.
    * A new epoch of the stream forgets all tracks and no ids.

Association is in two stages after Zhang et al., ByteTrack (ECCV 2022): strong detections may claim
any track or found one, weak ones only extend a track they lie well upon.

The class is a vote over the track's life. A rider whose bike was missed is detected as ``person``,
so a person's vote counts less than a two-wheeler's. Nothing here knows zones or rules.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.contract.road_users import ROAD_USERS, TWO_WHEELERS, VEHICLES
from edge.geometry import GroundPlane
from edge.scene import Track
from edge.tracker.association import assign, common_shift, costs
from edge.tracker.columns import Columns
from edge.tracker.motion import DRIVES, RIDES, WALKS, Motion, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig
    from edge.scene import Detections, Frame, Point

CLASS = {name: index for index, name in enumerate(ROAD_USERS)}
KIND = np.array([name in VEHICLES - TWO_WHEELERS for name in ROAD_USERS], np.int64)
"""0: two-wheelers and people, 1: four wheels and more. A detector seldom mixes the two."""
GAIT = np.array(
    [
        WALKS if name not in VEHICLES else RIDES if name in TWO_WHEELERS else DRIVES
        for name in ROAD_USERS
    ]
)
"""How each class moves, as ``motion`` has it."""
VOTE = np.array([0.3 if name == "person" else 1.0 for name in ROAD_USERS])

CONFIRM_EVIDENCE = 0.9
"""Two fair detections, or one at 0.9: a single stray box is not yet a road user."""
COAST_S = 1.0
MEMORY_S = 3.0
TENTATIVE_S = 0.5
"""An unconfirmed track is forgotten sooner."""
LEAVING_S = 0.25
"""A vehicle that drives out of the picture is forgotten so long after its last look: one that was
lost at 5 frames per second. People are not, who turn round there.
Source: best of a small search on KITTI's tuning sequences and simulated motorbikes."""
MAX_COST = 1.4
"""Above 1 boxes need not overlap: at 5 frames per second a crossing motorbike leaves its own box
behind. Source: best of a small search on TUD, KITTI and our two Hà Nội clips and a jam."""
WEAK_MIN_IOU = 0.4
SAME_PLACE_IOU = np.array([2.0, 0.25], np.float32)
"""By kind: a box that overlaps so much of a track's may be its own wherever the motion wants it.
Source: a car that brakes or is cut by the rim jumps by more than its motion allows, and no second
car fits where it is; motorbikes stand closer than their own width, so none of theirs may."""
KIND_COST = 0.4
UNSEEN_COST_PER_S = 0.15
"""Between two tracks for one detection the one seen more lately is the better guess."""
SLOWING_S = 1.0
"""An unseen track loses its speed with this time constant: it may have stopped unseen."""
LEFT_PICTURE_RATIO = 0.05


@dataclass(slots=True, eq=False)
class Lives(Columns):
    """What is known of n tracks besides their motion.

    ids: int64 (n,). first_s, seen_s: first and last detection, stream seconds (n,).
    scores: of the last detection (n,). evidence: sum of scores (n,). votes: (n, classes).
    feet: foot point of the last detection, source pixels (n, 2).
    """

    ids: NDArray[np.int64]
    first_s: NDArray[np.float64]
    seen_s: NDArray[np.float64]
    scores: NDArray[np.float64]
    evidence: NDArray[np.float64]
    votes: NDArray[np.float64]
    feet: NDArray[np.float64]

    @classmethod
    def start(cls, ids: list[int], now_s: float) -> Lives:
        """Begin lives at one instant, nothing seen yet."""
        n = len(ids)
        return cls(
            np.array(ids, np.int64),
            np.full(n, now_s),
            np.full(n, now_s),
            np.zeros(n),
            np.zeros(n),
            np.zeros((n, len(ROAD_USERS))),
            np.zeros((n, 2)),
        )

    @property
    def confirmed(self) -> NDArray[np.bool_]:
        """Return which tracks are believed to be road users, (n,)."""
        return self.evidence >= CONFIRM_EVIDENCE

    @property
    def classes(self) -> NDArray[np.intp]:
        """Return the class index each track's votes speak for, (n,)."""
        winners: NDArray[np.intp] = self.votes.argmax(axis=1)
        return winners


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame's detections as the tracker wants them, m rows each.

    xyxy, measured: (m, 4); the box and its (foot x, foot y, width, height), source pixels.
    """

    xyxy: NDArray[np.float32]
    measured: NDArray[np.float64]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    @classmethod
    def of(cls, found: Detections) -> Seen:
        """Prepare detections."""
        classes = [CLASS[name] for name in found.class_names]
        return cls(found.xyxy, measure(found.xyxy), found.scores, np.array(classes, np.int64))


class Tracker:
    """Follows the road users of one camera; see the module."""

    def __init__(self, camera: CameraConfig) -> None:
        """Start with no tracks; ``camera`` gives ground points and the score to found a track.

        Raises:
            ConfigError: The ground points do not span a plane.
        """
        self._camera = camera
        self._ids = itertools.count(1)
        self._epoch: int | None = None
        self._now_s = 0.0
        self._size_px = camera.frame_size_px
        self._plane = GroundPlane.of_camera(camera.ground, self._size_px, self._size_px)
        self._motion = Motion.start(np.zeros((0, 4)))
        self._lives = Lives.start([], 0.0)
        self._before: dict[int, list[tuple[float, Track]]] = {}
        """By id, the looks at those who are not believed yet; ``_keep`` removes them."""

    def update(self, frame: Frame, detections: Detections) -> tuple[Track, ...]:
        """Take one frame's detections; return the tracks believed at that instant, oldest first."""
        self._advance(frame)
        found = Seen.of(detections)
        strong = found.scores >= self._camera.min_score
        cost, overlap = self._costs(found)
        near = cost <= MAX_COST

        confirmed = self._lives.confirmed
        free, unseen = np.ones(len(strong), bool), np.ones(len(confirmed), bool)
        for may_meet, tracks, boxes in (
            (near, confirmed, strong),
            (near & (overlap >= WEAK_MIN_IOU), confirmed, ~strong),
            (near, ~confirmed, strong),
        ):
            open_tracks, open_boxes = tracks & unseen, boxes & free
            if open_tracks.any() and open_boxes.any():
                allowed = may_meet & open_tracks[:, None] & open_boxes
                rows, columns = assign(cost, allowed, MAX_COST)
                self._see(rows, columns, found)
                unseen[rows], free[columns] = False, False

        self._found(np.flatnonzero(free & strong), found)
        self._forget()
        return self._tracks()

    def _advance(self, frame: Frame) -> None:
        """Bring the belief to the frame's instant; start anew on a new epoch or picture size."""
        if frame.size_px != self._size_px:
            self._size_px = frame.size_px
            self._plane = GroundPlane.of_camera(
                self._camera.ground, self._camera.frame_size_px, frame.size_px
            )
            self._epoch = None
        if frame.epoch != self._epoch or frame.stream_s < self._now_s:
            self._epoch = frame.epoch
            self._keep(np.zeros(len(self._lives.ids), bool))
            self._now_s = frame.stream_s
        step_s = frame.stream_s - self._now_s
        coasting = self._lives.seen_s < self._now_s
        self._motion.slow_down(coasting, float(np.exp(-step_s / SLOWING_S)))
        self._motion.predict(step_s, GAIT[self._lives.classes])
        self._now_s = frame.stream_s

    def _costs(self, found: Seen) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return cost and overlap of every track with every detection, both (n, m)."""
        lives = self._lives
        cost, overlap = self._costs_if_moved(found, np.zeros(2))
        sure = lives.confirmed
        moved = common_shift(overlap[sure], self._motion.mean[sure], found.measured)
        if moved.any():
            cost, overlap = self._costs_if_moved(found, moved)
        kinds = KIND[lives.classes]
        cost += (UNSEEN_COST_PER_S * (self._now_s - lives.seen_s)).astype(np.float32)[:, None]
        np.add(cost, KIND_COST, out=cost, where=kinds[:, None] != KIND[found.classes])
        return cost, overlap

    def _costs_if_moved(
        self, found: Seen, moved: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return cost and overlap, both (n, m), in a picture that moved by (2,) pixels."""
        motion = self._motion
        return costs(
            motion.mean + np.append(moved, (0.0, 0.0)),
            motion.innovation(),
            motion.xyxy() + np.tile(moved, 2),
            found.measured,
            found.xyxy,
            SAME_PLACE_IOU[KIND[self._lives.classes]],
        )

    def _see(self, rows: NDArray[np.int64], columns: NDArray[np.int64], found: Seen) -> None:
        """Let detections ``columns`` speak for the tracks ``rows``."""
        lives, scores, classes = self._lives, found.scores[columns], found.classes[columns]
        self._motion.correct(rows, found.measured[columns])
        lives.seen_s[rows] = self._now_s
        lives.scores[rows] = scores
        lives.evidence[rows] += scores
        lives.votes[rows, classes] += scores * VOTE[classes]
        lives.feet[rows] = found.measured[columns, :2]

    def _found(self, columns: NDArray[np.int64], found: Seen) -> None:
        """Found a track on each of the detections ``columns``."""
        first = len(self._lives.ids)
        ids = list(itertools.islice(self._ids, len(columns)))
        self._motion.extend(Motion.start(found.measured[columns]))
        self._lives.extend(Lives.start(ids, self._now_s))
        lives, rows, classes = self._lives, np.arange(first, first + len(ids)), found.classes
        lives.scores[rows] = lives.evidence[rows] = found.scores[columns]
        lives.votes[rows, classes[columns]] = found.scores[columns] * VOTE[classes[columns]]
        lives.feet[rows] = found.measured[columns, :2]

    def _forget(self) -> None:
        """Drop tracks that were unseen too long or went out of the picture unseen."""
        unseen_s = self._now_s - self._lives.seen_s
        patience_s = np.where(self._lives.confirmed, MEMORY_S, TENTATIVE_S)
        drives = GAIT[self._lives.classes] != WALKS
        patience_s[drives & self._motion.leaving(self._size_px)] = LEAVING_S
        x, foot_y, _, height = self._motion.mean.T
        middle = np.column_stack([x, foot_y - height / 2]) / self._size_px
        inside = (np.abs(middle - 0.5) < 0.5 + LEFT_PICTURE_RATIO).all(axis=1)
        self._keep((unseen_s <= patience_s) & (inside | (unseen_s == 0)))

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        """Remove every trace of all tracks but ``rows``."""
        if rows.all():
            return
        self._motion.keep(rows)
        self._lives.keep(rows)
        alive = set(self._lives.ids.tolist())
        self._before = {i: looks for i, looks in self._before.items() if i in alive}

    def _tracks(self) -> tuple[Track, ...]:
        """Return what the rules may know: confirmed tracks, seen or coasting."""
        lives, unseen_s = self._lives, self._now_s - self._lives.seen_s
        for young in self._as_tracks(np.flatnonzero(~lives.confirmed & (unseen_s == 0))):
            self._before.setdefault(young.track_id, []).append((self._now_s, young))
        told = self._as_tracks(np.flatnonzero(lives.confirmed & (unseen_s <= COAST_S)))
        return tuple(self._with_earlier(t) if t.track_id in self._before else t for t in told)

    def _with_earlier(self, track: Track) -> Track:
        """Return a track that is told for the first time with the looks by which it is believed."""
        before = self._before.pop(track.track_id)
        named = ((at_s, look._replace(class_name=track.class_name)) for at_s, look in before)
        return track._replace(earlier=tuple(named))

    def _as_tracks(self, rows: NDArray[np.int64]) -> list[Track]:
        """Return what is known of some rows now."""
        if not len(rows):
            return []
        lives = self._lives
        foot_px, speed_px_s = self._motion.mean[rows, :2], self._motion.speed[rows, :2]
        metres: list[Point | None] = [None] * len(rows)
        metres_s = metres
        if self._plane is not None:
            ground, velocity, usable = self._plane.project(foot_px, speed_px_s)
            metres, metres_s = _points(ground, usable), _points(velocity, usable)
        boxes, feet, speeds, seen_feet = (
            map(tuple, a.tolist())
            for a in (self._motion.xyxy()[rows], foot_px, speed_px_s, lives.feet[rows])
        )
        ids, scores, first_s = (a[rows].tolist() for a in (lives.ids, lives.scores, lives.first_s))
        names = [ROAD_USERS[i] for i in lives.classes[rows].tolist()]
        observed = (lives.seen_s[rows] == self._now_s).tolist()
        # In the order of its fields: by name a track takes twice as long.
        told = map(
            Track,
            ids,
            names,
            boxes,
            scores,
            observed,
            first_s,
            feet,
            speeds,
            seen_feet,
            metres,
            metres_s,
        )
        return list(told)


def _points(values: NDArray[np.float64], usable: NDArray[np.bool_]) -> list[Point | None]:
    """Return rows (n, 2) as points, None where not usable."""
    return [
        (x, y) if ok else None for (x, y), ok in zip(values.tolist(), usable.tolist(), strict=True)
    ]
