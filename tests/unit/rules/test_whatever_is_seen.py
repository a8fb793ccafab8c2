"""No rule fails, whatever it is shown: leaps, gaps, places beyond the road, any class and light."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge.contract.road_users import ROAD_USERS
from edge.rules import RULES, build_rules
from edge.rules.flow import LearnedTraffic
from edge.speed import SpeedMeter
from tests.stories import PX_PER_M, SIZE_PX, all_stories, load_story, road_camera, to_px
from tests.traffic import road_user, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Track

CAMERAS = {load_story(path).camera: path for path in all_stories()}
FPS, FRAMES = 8.0, 160


class Walker:
    """A road user who moves as no road user does: a while so, then otherwise."""

    def __init__(self, number: int, draw: random.Random) -> None:
        """Begin anywhere."""
        self._number, self._draw = number, draw
        self._name = draw.choice(sorted(ROAD_USERS))
        self._at = draw.uniform(-14, 14), draw.uniform(-70, 70)
        self._mps, self._does, self._until_s = (0.0, 8.0), "drives", 0.0

    def seen(self, now_s: float) -> Track | None:
        """Return the track of this frame, if there is one."""
        draw = self._draw
        if now_s >= self._until_s:
            self._until_s = now_s + draw.uniform(0.3, 1.5)
            self._does = draw.choice(["drives", "drives", "stands", "hides", "beyond", "coasts"])
            if self._does == "drives":
                self._mps = draw.gauss(0, 1), draw.choice([-14.0, -7.0, 1.2, 7.0, 14.0])
            if draw.random() < 0.1:
                self._at = draw.uniform(-14, 14), draw.uniform(-70, 70)
        if self._does != "stands":
            self._at = self._at[0] + self._mps[0] / FPS, self._at[1] + self._mps[1] / FPS
        return None if self._does == "hides" else self._track()

    def _track(self) -> Track:
        x, y = to_px(self._at)
        half, tall = 0.5 * PX_PER_M, (0.5 if self._draw.random() < 0.05 else 1.6) * PX_PER_M
        has_place = self._does != "beyond"
        return road_user(
            self._number,
            (x, y),
            class_name=self._name,
            observed=self._does != "coasts",
            xyxy=(x - half, y - tall, x + half, y),
            ground_m=self._at if has_place else None,
            velocity_mps=self._mps if has_place else None,
        )


def anything(camera: CameraConfig, seed: int) -> Iterator[Scene]:
    """Yield twenty seconds of scenes."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    walkers = [Walker(number, draw) for number in range(1, 13)]
    for number in range(FRAMES):
        tracks = [track for walker in walkers if (track := walker.seen(number / FPS)) is not None]
        lights = {
            signal.id: draw.choice(["red", "yellow", "green", "unknown"])
            for signal in camera.signals
        }
        yield replace(
            scene(number / FPS, tracks), frame_size_px=SIZE_PX, signals=lights, epoch=number // 100
        )


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", sorted(CAMERAS))
def test_every_rule_survives_whatever_it_is_shown(name: str, seed: int) -> None:
    story = load_story(CAMERAS[name])
    plain = road_camera(story).model_copy(update={"rules": {}})
    asked: dict[str, dict[str, float | bool | str]] = {
        rule: {} for rule, kind in RULES.items() if kind.suits(plain) or rule in story.rules
    }
    camera = plain.model_copy(update={"rules": asked})
    rules, meter, learned = build_rules(camera), SpeedMeter(camera), LearnedTraffic(camera)

    for at in anything(camera, seed):
        shown = replace(at, speed_of=meter.speed_of, learned=learned)
        meter.attend(shown)
        learned.attend(shown)
        told = [sighting for rule in rules for sighting in rule.observe(shown)]
        assert {sighting.rule for sighting in told} <= set(asked)
