"""The script: who is chosen, what they are told, and what is said of it afterwards."""

from __future__ import annotations

import math

import pytest

from edge.simulation.actors import Creeper, Halt, Queue, RedRunner, Script, smooth
from edge.simulation.performers import Crash, Follow, Jam
from edge.simulation.places import PLACES
from edge.simulation.plans import PLANS, plan
from tests.simulated import FakeSumo, Ridden, actor, network

QUEUE = {
    "motorbike.0.1": Ridden((4.5, -1.5)),
    "motorbike.0.2": Ridden((4.0, -4.5)),
    "car.0.3": Ridden((4.5, -1.4)),
}


def queue(light: str = "r") -> FakeSumo:
    """Return two motorbikes and a car that stand before the line."""
    vehicles = {name: Ridden(ridden.xy) for name, ridden in QUEUE.items()}
    return FakeSumo(vehicles, light)


def orders(sumo: FakeSumo, name: str) -> list[str]:
    """Return what a vehicle was told."""
    return [order for order, _ in sumo.vehicles[name].told]


def test_the_foremost_motorbike_is_told_to_ride_on_at_red() -> None:
    sumo = queue()
    RedRunner("up", network(), 0.0, count=1).steer(sumo, 1.0)

    assert orders(sumo, "motorbike.0.1") == ["setSpeedMode", "setSpeed"]
    assert orders(sumo, "motorbike.0.2") == []
    assert orders(sumo, "car.0.3") == []


def test_nobody_runs_a_green_light() -> None:
    sumo = queue("G")
    role = RedRunner("up", network(), 0.0)
    role.steer(sumo, 1.0)

    assert orders(sumo, "motorbike.0.1") == []
    assert role.deeds() == []


def test_nobody_runs_before_the_script_says_so() -> None:
    sumo = queue()
    RedRunner("up", network(), 5.0).steer(sumo, 4.9)

    assert orders(sumo, "motorbike.0.1") == []


def test_a_red_light_run_is_told_when_the_line_is_crossed() -> None:
    sumo = queue()
    role = RedRunner("up", network(), 0.0, count=1)
    role.steer(sumo, 1.0)
    assert role.deeds() == []
    sumo.vehicles["motorbike.0.1"].edge = ":c_0"
    role.steer(sumo, 2.5)
    role.steer(sumo, 3.5)

    (deed,) = role.deeds()
    assert (deed.rule, deed.actors, deed.start_s) == ("red_light", ("motorbike.0.1",), 2.5)


def test_a_line_crossed_after_green_came_is_no_red_light_run() -> None:
    sumo = queue()
    role = RedRunner("up", network(), 0.0, count=1)
    role.steer(sumo, 1.0)
    sumo.light = "G"
    sumo.vehicles["motorbike.0.1"].edge = ":c_0"
    role.steer(sumo, 2.5)

    assert role.deeds() == []


def test_runners_go_one_after_the_other() -> None:
    sumo = queue()
    role = RedRunner("up", network(), 0.0, count=2, gap_s=4.0)
    role.steer(sumo, 1.0)
    role.steer(sumo, 2.0)
    assert orders(sumo, "motorbike.0.2") == []
    role.steer(sumo, 4.1)

    assert orders(sumo, "motorbike.0.2") == ["setSpeedMode", "setSpeed"]


def test_a_runner_is_not_who_already_crept_over_the_line() -> None:
    sumo = queue()
    creeper = Creeper("up", network(), 0.0)
    creeper.steer(sumo, 0.5)
    RedRunner("up", network(), 0.0, count=1, spare=creeper).steer(sumo, 1.0)

    assert orders(sumo, "motorbike.0.1") == []
    assert orders(sumo, "motorbike.0.2") == ["setSpeedMode", "setSpeed"]


def test_a_creeper_rolls_forward_and_back_into_step_after_green() -> None:
    sumo = queue()
    role = Creeper("up", network(), 0.0, reach_m=2.5)
    role.steer(sumo, 1.0)
    still = actor("motorbike.0.1", x_m=4.5, y_m=-2.5, speed_mps=0.0, pose="standing")

    assert role.cast([still], 1.0)[0].y_m == pytest.approx(-2.5)
    rolling = role.cast([still], 2.0)[0]
    assert -2.5 < rolling.y_m < 0
    assert rolling.pose == ""
    over = role.cast([still], 6.0)[0]
    assert over.y_m == pytest.approx(0.0)
    assert over.pose == "standing"
    sumo.light = "G"
    role.steer(sumo, 10.0)
    assert role.cast([still], 15.1)[0].y_m == pytest.approx(-2.5)


def test_a_creep_lasts_from_standing_over_the_line_until_green() -> None:
    sumo = queue()
    role = Creeper("up", network(), 0.0)
    role.steer(sumo, 1.0)
    assert role.deeds()[0].end_s == math.inf
    sumo.light = "G"
    role.steer(sumo, 9.0)
    role.steer(sumo, 12.0)

    (deed,) = role.deeds()
    assert deed.rule == "stop_line"
    assert (deed.start_s, deed.end_s) == pytest.approx((3.2, 9.0))


def test_others_are_not_moved_by_a_creeper() -> None:
    role = Creeper("up", network(), 0.0)
    role.steer(queue(), 1.0)
    other = actor("motorbike.0.2")

    assert role.cast([other], 5.0) == [other]


def coming(kind: str = "car", along_m: float = 20.0, speed: float = 8.0) -> FakeSumo:
    """Return one vehicle on its way."""
    return FakeSumo({f"{kind}.0.1": Ridden((4.5, -80), speed, along_m=along_m)})


def test_a_halt_is_asked_of_the_next_of_its_class_that_can_still_stop() -> None:
    sumo = coming()
    Halt("up", network(), "car", 60.0, 5.0, 30.0).steer(sumo, 0.0)

    assert ("setStop", ("up", 60.0, 1, 30.0)) in sumo.vehicles["car.0.1"].told


@pytest.mark.parametrize(
    "sumo", [coming("bus"), coming(along_m=58.0), FakeSumo()], ids=["class", "too near", "nobody"]
)
def test_a_halt_waits_for_somebody_who_fits(sumo: FakeSumo) -> None:
    role = Halt("up", network(), "car", 60.0, 5.0, 30.0)
    role.steer(sumo, 0.0)

    assert all(ridden.told == [] for ridden in sumo.vehicles.values())
    assert role.deeds() == []


def test_a_halt_is_true_from_first_to_last_second_of_standing() -> None:
    sumo = coming()
    role = Halt("up", network(), "car", 60.0, 5.0, 30.0)
    for second, stands in ((0.0, False), (8.0, True), (20.0, True), (38.0, False)):
        sumo.vehicles["car.0.1"].stopped = stands
        role.steer(sumo, second)

    (deed,) = role.deeds()
    assert (deed.rule, deed.start_s, deed.end_s) == ("stopped_vehicle", 8.0, 20.0)
    assert not deed.is_alike


def test_a_bus_at_its_stop_is_a_look_alike() -> None:
    sumo = coming("bus")
    sumo.vehicles["bus.0.1"].stopped = True
    role = Halt("up", network(), "bus", 60.0, 5.0, 9.0, is_alike=True)
    role.steer(sumo, 6.0)

    assert role.deeds()[0].is_alike


def walk(**given: object) -> Follow:
    """Return somebody who walks ten metres north, then ten east, at one metre a second."""
    path = [(0.0, 0.0, 1.0), (0.0, 10.0, 1.0), (10.0, 10.0, 1.0)]
    return Follow("walk.1", "person", path, 5.0, "pedestrian_on_carriageway", **given)  # type: ignore[arg-type]


def test_somebody_on_a_path_is_there_from_its_start_to_its_end() -> None:
    role = walk()

    assert role.cast([], 4.9) == []
    (there,) = role.cast([], 10.0)
    assert (there.x_m, there.y_m) == pytest.approx((0, 5))
    assert there.heading == pytest.approx(math.pi / 2)
    (later,) = role.cast([], 20.0)
    assert (later.x_m, later.y_m) == pytest.approx((5, 10))
    assert role.cast([], 25.1) == []


def test_a_path_is_told_by_its_first_and_last_second() -> None:
    role = walk(is_alike=True, note="along the kerb")
    for second in (4.0, 5.0, 12.0, 24.0, 26.0):
        role.cast([], second)

    (deed,) = role.deeds()
    assert (deed.start_s, deed.end_s, deed.is_alike) == (5.0, 24.0, True)


def test_corners_of_a_path_are_rounded() -> None:
    role = walk()
    role.cast([], 14.9)
    (turning,) = role.cast([], 15.1)

    assert 0 < turning.heading < math.pi / 2


def test_who_comes_towards_a_wrong_way_rider_is_asked_to_swerve() -> None:
    sumo = FakeSumo({"car.0.1": Ridden((4.0, -10.0)), "car.0.2": Ridden((1.0, -10.0))})
    role = Follow("wrong.1", "motorbike", [(4.5, 10, 5), (4.5, -50, 5)], 0.0, makes_way_m=30)
    role.cast([], 0.1)
    role.steer(sumo, 0.1)

    assert orders(sumo, "car.0.1") == ["changeSublane"]
    assert orders(sumo, "car.0.2") == []


def test_a_path_without_a_rule_is_no_deed() -> None:
    role = Follow("extra.1", "person", [(0, 0, 1), (5, 0, 1)], 0.0)
    role.cast([], 1.0)

    assert role.deeds() == []


def test_a_jam_lasts_as_long_as_the_film() -> None:
    role = Jam()
    for second in (0.0, 5.0):
        role.steer(FakeSumo(), second)

    (deed,) = role.deeds()
    assert (deed.rule, deed.start_s, deed.end_s) == ("congestion", 0.0, 5.0)


def test_a_queue_at_red_is_a_look_alike_for_as_long_as_it_is_red() -> None:
    role, sumo = Queue("up"), queue()
    for second, light in ((0.0, "r"), (6.0, "r"), (7.0, "G"), (20.0, "r")):
        sumo.light = light
        role.steer(sumo, second)

    assert [(deed.start_s, deed.end_s) for deed in role.deeds()] == [(0.0, 6.0), (20.0, 20.0)]
    assert all(deed.is_alike for deed in role.deeds())


def test_a_halt_sends_somebody_once_when_nobody_comes() -> None:
    sumo = FakeSumo()
    role = Halt("up", network(), "car", 60.0, 20.0, 30.0)
    for second in (0.0, 6.0, 14.5, 15.0):
        role.steer(sumo, second)

    assert sumo.sent == ["car.halt.up"]
    assert sumo.routes == {"car.halt.up": ["up"]}


def test_who_backs_looks_the_other_way_and_who_stands_keeps_looking() -> None:
    path = [(0.0, 0.0, 2.0), (0.0, 0.0, -1.0), (0.0, -5.0, 1.0)]
    role = Follow("back.1", "car", path, 0.0)

    (stands,) = role.cast([], 1.0)
    assert (stands.speed_mps, stands.heading) == pytest.approx((0.0, math.pi / 2))
    (backs,) = role.cast([], 4.0)
    assert (backs.x_m, backs.y_m) == pytest.approx((0.0, -2.0))
    assert backs.heading == pytest.approx(math.pi / 2)


def test_a_crash_has_two_on_their_way_and_then_a_fallen_rider() -> None:
    role = Crash((0.0, 0.0), math.pi / 2, 10.0)

    assert role.cast([], 5.0) == []
    before = role.cast([], 9.0)
    assert [a.kind for a in before] == ["car", "motorbike"]
    assert before[0].y_m < before[1].y_m < 0
    after = {a.kind: a for a in role.cast([], 15.0)}
    assert after["motorbike"].pose == "toppled"
    assert after["person"].pose == "fallen"
    assert after["car"].speed_mps == 0


def test_after_a_crash_who_comes_towards_it_is_stopped() -> None:
    sumo = FakeSumo({"car.0.1": Ridden((0.5, -10)), "car.0.2": Ridden((9.0, -10))})
    role = Crash((0.0, 0.0), math.pi / 2, 10.0)
    role.steer(sumo, 9.0)
    assert orders(sumo, "car.0.1") == []
    role.steer(sumo, 11.0)

    assert orders(sumo, "car.0.1") == ["slowDown"]
    assert orders(sumo, "car.0.2") == []


def test_a_crash_that_has_not_happened_is_not_told() -> None:
    role = Crash((0.0, 0.0), 0.0, 10.0)
    role.cast([], 9.0)

    assert role.deeds() == []


def test_a_script_tells_deeds_by_time() -> None:
    first, second = walk(), Follow("a", "person", [(0, 0, 1), (9, 0, 1)], 1.0, "wrong_way")
    script = Script([first, second])
    for now in (1.0, 6.0):
        script.steer(FakeSumo(), now)
        script.cast([], now)

    assert [deed.start_s for deed in script.deeds()] == [1.0, 6.0]


def test_a_soft_rise_starts_at_nothing_and_ends_at_all() -> None:
    assert [smooth(value) for value in (-1, 0, 0.5, 1, 2)] == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize("name", sorted(PLACES))
@pytest.mark.parametrize("script", PLANS)
def test_every_place_has_every_plan(name: str, script: str) -> None:
    roles = plan(PLACES[name], network(), script).roles

    assert bool(roles) == (script != "quiet")


def test_a_usual_plan_has_look_alikes_too() -> None:
    roles = [role for place in PLACES.values() for role in plan(place, network(), "usual").roles]

    assert any(getattr(role, "is_alike", False) for role in roles)
    assert any(not getattr(role, "is_alike", False) for role in roles)
