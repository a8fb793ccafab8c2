"""The live map and the video wall in a browser.

Two taps from a sign to its clip, a list for the keyboard, and a wall that goes on without a hand.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from central.live import QUEUE_EVENTS, LiveEvent
from central.map.routes import BOUNDS
from edge.contract.messages import CameraState
from tests.builders import NOON, state_message
from tests.console import DESK, PHONE, Desk
from tests.province import WAIT_S, Province, clip_item
from tests.videos import make_video

if TYPE_CHECKING:
    from central.live import LiveHub

pytestmark = pytest.mark.e2e

WALL = (1920, 1080)
WIDE_WALL = (3840, 2160)
WEST, SOUTH, EAST, NORTH = BOUNDS
MIDDLE = ((SOUTH + NORTH) / 2, (WEST + EAST) / 2)
"""Drawn within some pixels of the middle of a map that shows the whole province."""
BARE = ("map.", "wall.", "incident.", "common.", "fleet.", "cases.")


def drawn(desk: Desk, incidents: int) -> None:
    """Wait until the map has drawn so many incidents and come to rest.

    Long, where a processor that others use too draws eight million points by itself.
    """
    desk.page.wait_for_function(
        "n => Number(document.querySelector('[data-drawn]')?.dataset.drawn) === n",
        arg=incidents,
        timeout=90_000,
    )


def keep_picture(desk: Desk, name: str) -> None:
    """Keep a picture where somebody asked for it, to be looked at."""
    folder = os.environ.get("SONGLAM_PICTURES")
    if folder:
        desk.page.screenshot(path=Path(folder) / f"{name}.png")


def click_middle(desk: Desk) -> None:
    """Click the sign that stands on the middle of the map."""
    frame = desk.by("map").bounding_box()
    assert frame is not None
    desk.page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2 - 20)


def with_clip(province: Province, folder: Path, name: str, **given: Any) -> None:
    """Send an incident whose clip is here."""
    clip = make_video(folder / "clip.webm", codec="libvpx-vp9", seconds=4, scale=4).read_bytes()
    item = clip_item(f"{name}-clip", clip, start_clip_s=100.0)
    size = {"frame_size_px": (512, 256), "clip_s": 101.0, "decided_clip_s": 102.0}
    province.incident(name, evidence=(item,), **size, **given)
    api = province.centre.person(Role.AUDITOR)
    latest = time.monotonic() + WAIT_S
    while api.get(f"/incidents/{name}").status_code != 200 and time.monotonic() < latest:
        time.sleep(0.05)
    province.upload(name, item, clip)


def cut_lines(hub: LiveHub) -> None:
    """End every live stream, as a centre that restarts does: more at once than a browser reads."""
    for _ in range(2 * QUEUE_EVENTS):
        hub.send(LiveEvent(id=None, kind="indicator", data='{"components": []}'))


def test_from_a_sign_on_the_map_to_its_playing_clip_in_two_taps(
    province: Province, tmp_path: Path
) -> None:
    with_clip(province, tmp_path, "i-1", location=MIDDLE)
    desk = province.desk(Role.OPERATOR).open("/map")
    drawn(desk, 1)

    click_middle(desk)
    expect(desk.by("point-peek")).to_contain_text("quang-trung")
    desk.by("play-clip").click()

    desk.video("video && video.currentTime > 0.2 && !video.paused && video.muted")
    expect(desk.by("point").first).to_have_attribute("aria-current", "true")
    assert desk.troubles == []


def test_the_list_takes_the_keyboard_and_drops_nothing_that_has_no_place(
    province: Province,
) -> None:
    camera = {"status": "online", "since": NOON, "name": "Quang Trung – Lê Mao"}
    cameras = (
        CameraState(camera_id="quang-trung", location=MIDDLE, **camera),
        CameraState(camera_id="lost", **camera),
    )
    province.send(state_message(box_id="vinh-01", cameras=cameras))
    province.incident("lent")  # its camera's place is known
    province.incident("homeless", camera_id="lost")
    desk = province.desk(Role.OPERATOR).open("/map")
    drawn(desk, 1)
    expect(desk.by("homeless")).to_contain_text("Chưa có vị trí: 1 sự kiện")
    expect(desk.by("posts-homeless")).to_contain_text("Chưa có vị trí: 1 camera")
    expect(desk.by("points")).to_have_text("2 sự kiện")

    province.incident("late", rule="crash", location=(18.67, 105.69))
    expect(desk.by("point")).to_have_count(2)  # told by the live line
    desk.press("j")
    expect(desk.by("point-peek")).to_contain_text("Tai nạn giao thông")
    desk.press("j")
    expect(desk.by("point-peek")).to_contain_text("Không chấp hành")
    desk.press("Escape")
    expect(desk.by("point-peek")).to_have_count(0)

    desk.by("kind-incident").click()
    expect(desk.by("point")).to_have_count(1)
    expect(desk.page).to_have_url(f"{desk.url}/map?kinds=incident")
    assert desk.troubles == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("locale", "screens"),
    [
        ("vi", [("/map", DESK), ("/map", PHONE), ("/wall", WALL, WIDE_WALL)]),
        ("en", [("/map", PHONE, DESK), ("/wall", WALL)]),  # any wider is as wide
    ],
)
def test_map_and_wall_stand_on_every_screen_in_both_languages(
    province: Province, locale: str, screens: list[tuple[str, *tuple[tuple[int, int], ...]]]
) -> None:
    province.incident("i-1", rule="crash", location=MIDDLE)
    for path, *sizes in screens:
        desk = province.desk(Role.LEADER, size=sizes[0], locale=locale).open(path)
        for size in sizes:
            desk.resize(size)
            drawn(desk, 1)
            assert desk.sideways_px() <= 0, f"{path} is wider than {size[0]} px"
            text = desk.page.locator("body").inner_text()
            assert [key for key in BARE if key in text] == [], path
        assert desk.troubles == []
        desk.page.context.close()


def test_the_wall_goes_on_without_a_hand(province: Province, tmp_path: Path) -> None:
    with_clip(province, tmp_path, "i-1", rule="crash", location=MIDDLE)
    desk = province.desk(Role.LEADER, size=WALL).open("/wall?every=10")
    drawn(desk, 1)
    expect(desk.by("scene")).to_have_text("Sự kiện nghiêm trọng mới nhất")
    expect(desk.by("wall-incident")).to_contain_text("Tai nạn giao thông")
    assert desk.page.evaluate("document.documentElement.dataset.theme") == "dark"

    cut_lines(province.centre.parts.live)
    province.incident("i-2", rule="crash", location=(18.67, 105.69))
    expect(desk.by("wall-incident")).to_have_count(2)  # caught up by itself

    desk.press("Space")
    expect(desk.by("wall-paused")).to_be_visible()
    while desk.by("scene").inner_text() != "Hình ảnh mới nhất":
        desk.press("ArrowRight")
    desk.video("video && video.currentTime > 0.2 && video.muted && video.loop")
    desk.press("Space")
    expect(desk.by("scene")).to_have_text("Cảnh báo chưa có người tiếp nhận", timeout=15_000)
    expect(desk.by("wall-alert").first).to_contain_text("Tai nạn giao thông")
    assert desk.page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert desk.troubles == []


def test_a_screen_is_kept_for_weeks_and_shows_nothing_but_the_wall(province: Province) -> None:
    screen = province.desk(Role.SHIFT_LEAD, "truong", size=WALL).open("/wall")
    screen.by("wall").wait_for()
    screen.page.mouse.move(400, 400)
    screen.by("wall-keep").click()
    screen.page.get_by_label("Màn hình", exact=True).fill("Phòng trực ban")
    keep_picture(screen, "wall-keep")
    screen.page.get_by_role("button", name="Bắt đầu").click()
    expect(screen.by("keep-form")).to_have_count(0)
    screen.page.goto(f"{province.centre.url}/quality")
    expect(screen.page).to_have_url(f"{province.centre.url}/wall")
    screen.by("wall").wait_for()

    phone = province.desk(Role.ADMIN, "quantri-phone", size=PHONE).open("/admin/walls")
    admin = province.desk(Role.ADMIN, "quantri").open("/admin/walls")
    for desk, name in ((phone, "phone"), (admin, "desk")):
        expect(desk.by("wall-screen")).to_contain_text("Phòng trực ban")
        expect(desk.page.locator(".tab[aria-current]")).to_be_in_viewport(ratio=1)
        keep_picture(desk, f"walls-{name}")
        assert desk.sideways_px() <= 0
    admin.page.on("dialog", lambda dialog: dialog.accept())
    admin.page.get_by_role("button", name="Kết thúc").click()
    expect(admin.page.get_by_text("Không có màn hình nào")).to_be_visible()
    screen.page.reload()
    expect(screen.page).to_have_url(f"{province.centre.url}/login?next=/wall")
    assert admin.troubles == []
