"""Read traffic lights from the picture: one state per drawn signal, and the log of its phases.

Invariants:
    * The *position* of the lit lamp decides; its colour must only be possible. A camera shows a red
      lamp as orange or yellow (over-exposure) and a green one as cyan, but never red as green.
    * A lamp is judged against its own dark level and against whatever colour the other two cells
      show: nothing clearly lit, two lamps, or a lorry in front is ``unknown``, and unknown lets no
      rule speak.
    * A state counts after it has lasted; a log entry carries the time at which it began. LED lamps
      that flicker dark between frames keep their state for ``DARK_HOLD_S``.
    * The region covers the three lamps only. A countdown display beside them stays outside it, and
      inside it would light two cells at once: unknown.

Layout: top to bottom or left to right red, yellow, green, in three equal cells.
This module does not find signals in the picture and knows no rule.

Source: lamp energy against own history, exclusion, minimum durations: common practice of red-light
cameras; the levels are measured on four Vietnamese junction clips, see ``quality.yaml``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from edge.contract.messages import SignalChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.config.camera import Signal
    from edge.scene import Frame

State = Literal["red", "yellow", "green", "unknown"]

LAMPS: tuple[State, State, State] = ("red", "yellow", "green")
OPPONENTS = np.array([[-0.5, -0.5, 1.0], [-1.0, 0.5, 0.5], [0.5, 0.5, -1.0]])
"""float64 (3, 3), lamp × BGR: how much a colour speaks for red, yellow, green. White, grey and the
other side of the colour circle speak for none. Source: opponent colours; lit red lamps of the clips
range from crimson to amber, lit green ones are cyan."""
MIN_LIT = 40.0
"""Least light (0..255) above the lamp's dark level. Source: lit 70–200 on the clips, dark 0–15."""
MARGIN = 0.15
"""Share of a cell left out on each side: the housing between the lenses may be coloured too."""
MIN_RATIO = 1.8
"""The lit lamp has this many times the light of the next. Source: at least 2.5 on the clips."""
DARK_RISE_PER_S = 0.5
"""How fast the dark level may rise: dusk takes minutes, a phase lasts a minute or two."""
CONFIRM_S = 0.4
"""A state counts after this long. Shorter than the grace of any rule."""
CONFIRM_ODD_S = 2.0
"""A change out of order (red → yellow, yellow → green, green → red) is doubted for longer."""
DARK_HOLD_S = 1.5
"""Nothing lit for longer than this is unknown. Source: flicker of LED lamps on film, ≤ 0.5 s."""
KEPT_CHANGES = 24
ORDER = {("red", "green"), ("green", "yellow"), ("yellow", "red")}


@dataclass(slots=True)
class _Head:
    """What is remembered of one signal head; lives as long as its reader."""

    dark: NDArray[np.float64] | None = None
    """float64 (3, 3), cell × colour: light 0..255 of each cell when its lamp is not lit."""
    state: State = "unknown"
    candidate: State = "unknown"
    candidate_since_s: float = 0.0
    last_lit_s: float = float("-inf")
    log: deque[SignalChange] = field(default_factory=lambda: deque(maxlen=KEPT_CHANGES))


class SignalReader:
    """Reads all signals of one camera, frame by frame."""

    def __init__(self, signals: Sequence[Signal]) -> None:
        """Take signals whose regions are in the stream's pixels."""
        self._signals = tuple(signals)
        self._heads = {signal.id: _Head() for signal in signals}
        self._last: Frame | None = None

    def read(self, frame: Frame) -> Mapping[str, State]:
        """Return the state of every signal after ``frame``; a new epoch starts from unknown."""
        if self._last is not None and self._last.epoch != frame.epoch:
            self._heads = {signal.id: _Head() for signal in self._signals}
        elapsed_s = 0.0 if self._last is None else frame.stream_s - self._last.stream_s
        self._last = frame
        for signal in self._signals:
            head = self._heads[signal.id]
            seen = lit_lamp(head, lamp_light(frame.image, signal), elapsed_s)
            self._settle(signal.id, head, seen, frame)
        return {signal_id: head.state for signal_id, head in self._heads.items()}

    @property
    def log(self) -> tuple[SignalChange, ...]:
        """Return the newest changes of every signal, oldest first; bounded per signal."""
        changes = [change for head in self._heads.values() for change in head.log]
        return tuple(sorted(changes, key=lambda change: change.clip_s))

    def _settle(self, signal_id: str, head: _Head, seen: State, frame: Frame) -> None:
        """Let a state count once it has lasted, and write it into the log."""
        now_s = frame.stream_s
        if seen == "unknown":
            if now_s - head.last_lit_s > DARK_HOLD_S and head.state != "unknown":
                self._change(signal_id, head, "unknown", now_s)
            return
        # A dark gap within the same state is flicker; a longer one begins the state anew.
        if seen != head.candidate or now_s - head.last_lit_s > DARK_HOLD_S:
            head.candidate, head.candidate_since_s = seen, now_s
        head.last_lit_s = now_s
        odd = head.state != "unknown" and (head.state, seen) not in ORDER
        needed_s = CONFIRM_ODD_S if odd else CONFIRM_S
        if seen != head.state and now_s - head.candidate_since_s >= needed_s:
            self._change(signal_id, head, seen, head.candidate_since_s)

    def _change(self, signal_id: str, head: _Head, state: State, since_s: float) -> None:
        if self._last is None:
            raise AssertionError("a state changes only while a frame is read")
        at = self._last.captured_at - timedelta(seconds=self._last.stream_s - since_s)
        head.state = state
        head.log.append(
            SignalChange(signal_id=signal_id, state=state, clip_s=round(since_s, 3), at=at)
        )


def lit_lamp(head: _Head, light: NDArray[np.float64], elapsed_s: float) -> State:
    """Return the one lamp that is clearly lit, or unknown; learns the dark levels as it goes.

    Args:
        head: The signal head; its dark levels follow every dip at once and rise slowly.
        light: float64 (3, 3), cell × colour, see :func:`lamp_light`.
        elapsed_s: Seconds since the frame before.
    """
    if head.dark is None:
        # At first sight the darkest of the three stands for all: two of three are off.
        head.dark = np.tile(light.min(axis=0), (3, 1))
    head.dark = np.minimum(light, head.dark + DARK_RISE_PER_S * max(elapsed_s, 0.0))
    excess = light - head.dark
    lamp = int(np.argmax(np.diag(excess)))
    others = np.delete(excess, lamp, axis=0).max()
    clear = excess[lamp, lamp] >= MIN_LIT and excess[lamp, lamp] >= MIN_RATIO * others
    return LAMPS[lamp] if clear else "unknown"


def lamp_light(image: NDArray[np.uint8], signal: Signal) -> NDArray[np.float64]:
    """Return how much each cell speaks for each colour, float64 (3, 3), 0..255, red first.

    What counts is the strongest quarter of a cell's pixels: a lamp over-exposed to white keeps a
    coloured rim, a sunlit lens or a white car behind has none.

    Args:
        image: uint8 (height, width, 3), BGR, source pixels.
        signal: Its region in the same pixels; parts outside the picture count as dark.
    """
    x1, y1, x2, y2 = signal.region
    light = np.zeros((3, 3))
    for lamp in range(3):
        low, high = (lamp + MARGIN) / 3, (lamp + 1 - MARGIN) / 3
        if signal.layout == "vertical":
            across, along = (MARGIN, 1 - MARGIN), (low, high)
        else:
            across, along = (low, high), (MARGIN, 1 - MARGIN)
        left, right = (max(0, round(x1 + (x2 - x1) * share)) for share in across)
        top, bottom = (max(0, round(y1 + (y2 - y1) * share)) for share in along)
        pixels = image[top:bottom, left:right].reshape(-1, 3)
        if len(pixels):
            speaks = np.sort(pixels @ OPPONENTS.T, axis=0)
            light[lamp] = speaks[-max(1, len(speaks) // 4) :].mean(axis=0).clip(min=0)
    return light
