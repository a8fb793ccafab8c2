"""How rules are chosen, checked and built from a camera file; what all of them share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.camera import CameraConfig, GroundPoint, Signal, StopLine, Zone
from edge.config.drawing import scale_camera
from edge.contract.catalogue import CATALOGUE
from edge.errors import ConfigError
from edge.rules import RULES, build_rules, check_rules
from edge.rules.base import TrackMemory
from edge.scene import Scene, Track
from tests.builders import NOON

SIGNAL = Signal(id="main", region=(10, 10, 20, 40))
LINE = StopLine(
    id="line", line=((0, 300), (640, 300)), direction=((320, 470), (320, 310)), signal="main"
)


def camera(**given: Any) -> CameraConfig:
    """Return a camera file; ``given`` replaces fields."""
    fields: dict[str, Any] = {"id": "gate", "name": "Gate", "frame_size_px": (640, 480)}
    return CameraConfig.model_validate(fields | given)


def track(track_id: int, observed: bool = True) -> Track:  # noqa: FBT001, FBT002 - reads as said
    """Return a motorbike."""
    return Track(
        track_id=track_id,
        class_name="motorbike",
        xyxy=(100, 100, 140, 180),
        score=0.8,
        observed=observed,
        first_seen_s=0.0,
        foot_px=(120, 180),
        velocity_px_s=(0, 0),
    )


def scene(now_s: float, ids: tuple[int, ...], epoch: int = 0) -> Scene:
    """Return a scene of motorbikes."""
    return Scene(
        camera_id="gate",
        captured_at=NOON,
        stream_s=now_s,
        epoch=epoch,
        frame_size_px=(640, 480),
        tracks=tuple(track(i) for i in ids),
    )


def test_every_rule_of_the_catalogue_can_be_built_and_no_other() -> None:
    assert set(RULES) == set(CATALOGUE)
    for name, kind in RULES.items():
        assert kind.build(camera(), {}).name == name


def test_a_camera_file_names_the_rules_that_watch() -> None:
    rules = build_rules(camera(rules={"stop_line": {}, "red_light": {"grace_s": 1.0}}))

    assert [rule.name for rule in rules] == ["stop_line", "red_light"]


def test_without_a_rules_section_the_drawing_decides() -> None:
    names = {r.name for r in build_rules(camera(signals=(SIGNAL,), stop_lines=(LINE,)))}
    assert {"red_light", "stop_line"} <= names

    assert not {"red_light", "stop_line"} & {rule.name for rule in build_rules(camera())}


def test_an_unknown_rule_is_answered_with_the_likely_one_and_all_that_are_allowed() -> None:
    (problem,) = check_rules(camera(rules={"red_lihgt": {}}))

    assert problem.startswith("rules.red_lihgt: unknown rule, did you mean 'red_light'? allowed: ")
    assert "wrong_way" in problem


def test_a_word_like_no_other_gets_the_list_alone() -> None:
    (problem,) = check_rules(camera(rules={"zzz": {}}))

    assert problem.startswith("rules.zzz: unknown rule; allowed: ")


def test_every_mistake_is_told_at_once_with_key_value_and_what_is_allowed() -> None:
    wrong = camera(
        rules={"red_light": {"grace": 1.0, "past_m": -3.0}, "stop_line": {"hold_s": "long"}}
    )

    problems = check_rules(wrong)

    assert len(problems) == 3
    told = "\n".join(problems)
    assert "rules.red_light.grace: unknown option, did you mean 'grace_s'? allowed: " in told
    assert "rules.red_light.past_m: " in told
    assert "-3.0" in told
    assert "rules.stop_line.hold_s: " in told
    assert "'long'" in told
    with pytest.raises(ConfigError) as raised:
        build_rules(wrong)
    assert len(raised.value.problems) == 3
    assert all(problem.startswith("camera gate: ") for problem in raised.value.problems)


def test_every_threshold_has_a_title_and_a_source_and_a_unit_in_its_name() -> None:
    units = {"s", "m", "mps", "kmh", "deg", "px", "ratio", "count", ""}
    for name, kind in RULES.items():
        for key, field in kind.options.model_fields.items():
            assert field.title, f"{name}.{key}"
            extra = field.json_schema_extra
            assert isinstance(extra, dict), f"{name}.{key}"
            assert extra["source"], f"{name}.{key}"
            unit = str(extra["unit"])
            if unit in {"s", "m"}:
                assert key.endswith(f"_{unit}"), f"{name}.{key} is in {unit}"
            assert unit in units or len(unit) < 12, f"{name}.{key}: {unit}"


def test_the_options_defaults_are_valid_themselves() -> None:
    for kind in RULES.values():
        assert kind.check(kind.options().model_dump()) == []


def test_a_drawing_is_scaled_with_the_stream_each_way_by_itself() -> None:
    drawn = camera(
        signals=(SIGNAL,),
        stop_lines=(LINE,),
        zones=(
            Zone(
                id="z",
                kind="lane",
                polygon=((0, 0), (640, 0), (640, 480)),
                direction=((0, 480), (0, 0)),
            ),
        ),
        ground=tuple(
            GroundPoint(px=p, m=(p[0] / 10, p[1] / 10))
            for p in ((0.0, 0.0), (640.0, 0.0), (0.0, 480.0), (640.0, 480.0))
        ),
    )

    scaled = scale_camera(drawn, (320, 480))

    line = scaled.stop_lines[0]
    assert [scaled.frame_size_px, *line.line, *line.direction] == [
        *((320, 480), (0, 300), (320, 300), (160, 470), (160, 310))
    ]
    assert list(scaled.signals[0].region) == [5, 10, 10, 40]
    assert list(scaled.zones[0].polygon) == [(0, 0), (320, 0), (320, 480)]
    assert [(p.px, p.m) for p in scaled.ground[:2]] == [((0, 0), (0, 0)), ((320, 0), (64, 0))]
    assert scale_camera(drawn, drawn.frame_size_px) is drawn


def test_a_memory_is_made_at_the_first_visit_and_kept_while_the_track_lives() -> None:
    memory = TrackMemory(lambda t: [t.track_id])
    memory.attend(scene(0.0, (1,)))
    memory.of(track(1), 0.0).append(99)
    memory.attend(scene(1.0, (1,)))

    assert memory.of(track(1), 1.0) == [1, 99]


def test_a_memory_lingers_as_long_as_asked() -> None:
    memory = TrackMemory(lambda _: [0], linger_s=3.0)
    memory.attend(scene(0.0, (1,)))
    memory.of(track(1), 0.0)

    memory.attend(scene(3.0, ()))
    assert len(memory) == 1
    memory.attend(scene(3.1, ()))
    assert len(memory) == 0


def test_a_new_epoch_empties_the_memory_and_says_so() -> None:
    memory = TrackMemory(lambda _: [0], linger_s=60.0)
    assert not memory.attend(scene(0.0, (1,)))
    memory.of(track(1), 0.0)

    assert memory.attend(scene(0.1, (1,), epoch=1))
    assert len(memory) == 0


@given(
    crowds=st.lists(st.frozensets(st.integers(0, 40), max_size=8), min_size=1, max_size=40),
    linger_s=st.sampled_from([0.0, 1.0, 3.0]),
)
def test_memory_is_bounded_by_those_who_lived_lately(
    crowds: list[frozenset[int]], linger_s: float
) -> None:
    memory = TrackMemory(lambda _: [0], linger_s=linger_s)
    for number, crowd in enumerate(crowds):
        memory.attend(scene(number * 0.5, tuple(crowd)))
        for i in crowd:
            memory.of(track(i), number * 0.5)
        recent = crowds[max(0, number - round(linger_s / 0.5)) : number + 1]
        assert len(memory) == len(frozenset().union(*recent))
    memory.attend(scene(len(crowds) * 0.5 + 10, ()))

    assert len(memory) == 0
