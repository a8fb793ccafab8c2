"""``edge run`` as a process: from a clip to a centre, through outages, kills and rollouts."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from socket import socket
from typing import TYPE_CHECKING

import pytest

from edge.contract.commands import CommandMessage
from edge.contract.topics import Channel
from tests.builders import NOON
from tests.edge_process import TOKEN, EdgeProcess, Home, write_box
from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import StandInCentre, StandInUploads, wait_until
from tests.tiny_models import Signer, manifest_of, weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]
PASSWORD = "c" * 32


class Bench:
    """A broker and a centre, and a box's files."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        users = {CENTRE: PASSWORD, "n1": TOKEN}
        self.stack = stack
        self.broker = stack.enter_context(Mosquitto(folder / "broker", users, persistent=True))
        self.centre = stack.enter_context(StandInCentre(self.broker, CENTRE, PASSWORD))
        self.uploads = stack.enter_context(StandInUploads(TOKEN))
        self.signer = Signer()
        home = Home(self.broker.port, self.uploads.url, self.signer.public_key)
        self.box_file = write_box(folder, home, ("gate", "bridge"))

    def box(self) -> EdgeProcess:
        """Begin one life of the box."""
        return self.stack.enter_context(EdgeProcess(self.box_file))

    def queued(self) -> set[str]:
        """Return the message ids in the outbox of a box that is not running."""
        with closing(sqlite3.connect(self.folder / "var/outbox.sqlite3")) as db:
            rows = db.execute("SELECT message_id FROM parcel WHERE channel = 'incident'")
            return {row[0] for row in rows}

    def got(self, count: int) -> bool:
        """Wait until the centre has so many incident messages."""
        return wait_until(lambda: len(self.centre.incidents()) >= count, 40)


def closed(centre: StandInCentre) -> set[str]:
    """Return the incidents that have come to an end."""
    return {i["incident_id"] for i in centre.of_kind("incident") if i["phase"] == "closed"}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(tmp_path, stack)


def test_an_incident_arrives_with_its_evidence_and_the_model_that_made_it(bench: Bench) -> None:
    box = bench.box()
    assert wait_until(lambda: any(i["evidence"] for i in bench.centre.of_kind("incident")), 40)
    first = bench.centre.of_kind("incident")[0]
    assert (first["phase"], first["revision"], first["historical"]) == ("opened", 1, False)
    assert first["rule"] == "stopped_vehicle"
    assert first["model"]["name"] == "tiny"
    assert wait_until(lambda: any(id_.endswith(".clip") for id_ in bench.uploads.order), 40)
    assert bench.uploads.order[0].startswith(first["incident_id"])
    # The next incident's thumbnail may pass the still of this one.
    own = [id_ for id_ in bench.uploads.order if id_.startswith(first["incident_id"])]
    assert own[0].endswith(".thumbnail")
    assert ".still" in own[1]
    states = bench.centre.of_kind("state")
    assert {camera["camera_id"] for camera in states[-1]["cameras"]} == {"gate", "bridge"}
    assert any(c["status"] == "online" for s in states for c in s["cameras"])
    assert box.terminate() == 0
    assert wait_until(lambda: bench.centre.of_kind("state")[-1]["status"] == "offline")
    assert "thread_died" not in box.log


def test_broker_away_and_box_killed_and_still_every_incident_arrives(bench: Bench) -> None:
    """What the killed box had queued comes from its next life, as historical, and is closed."""
    box = bench.box()
    assert bench.got(1)
    bench.broker.stop()
    before = set(bench.centre.incidents())
    # Evidence still goes out over HTTP; each round of it also made a message that has to wait.
    assert wait_until(lambda: sum(".clip" in id_ for id_ in bench.uploads.order) >= 2, 40)
    box.kill()
    waiting = bench.queued()
    assert len(waiting) >= 2
    bench.box()
    bench.broker.start()
    assert wait_until(lambda: waiting <= set(bench.centre.incidents()), 40)
    late = {i["message_id"] for i in bench.centre.of_kind("incident") if i["historical"]}
    assert waiting - before <= late
    opened = {i["incident_id"] for i in bench.centre.of_kind("incident") if i["revision"] == 1}
    first_life = {message_id.partition(":")[0] for message_id in waiting | before}
    assert wait_until(lambda: first_life <= closed(bench.centre), 20)
    assert first_life <= opened
    keys = [(i["incident_id"], i["revision"]) for i in bench.centre.of_kind("incident")]
    assert len(set(keys)) == len(set(bench.centre.incidents()))


def test_a_new_model_is_rolled_out_while_cameras_are_watched(bench: Bench) -> None:
    """The new one sees a car in another place: a new incident, which names the new model."""
    bench.box()
    assert bench.got(1)
    content = weights("elsewhere")
    manifest = manifest_of("2.0.0", model_onnx=content)
    bench.uploads.files["/api/v1/box/models/tiny/2.0.0/model.onnx"] = content
    desired = bench.signer.desired(manifest).model_dump_json()
    bench.centre.send("n1", Channel.DESIRED, desired, retain=True)

    def is_named() -> bool:
        incidents = bench.centre.of_kind("incident")
        return any(i["model"]["version"] == "2.0.0" for i in incidents)

    assert wait_until(is_named, 40)
    [final] = [r for r in bench.centre.of_kind("reported") if r["desired"]][-1:]
    assert (final["phase"], final["active"]["version"]) == ("active", "2.0.0")
    assert bench.centre.of_kind("state")[-1]["counters"]["pipeline_errors"] == 0


def test_the_centre_may_order_a_restart(bench: Bench) -> None:
    bench.box()
    assert wait_until(lambda: bool(bench.centre.of_kind("state")), 40)
    since = bench.centre.of_kind("state")[0]["since"]
    command = CommandMessage(
        message_id="c1",
        box_id="n1",
        sent_at=NOON,
        command="restart",
        expires_at=NOON.replace(year=2100),
    )
    bench.centre.send("n1", Channel.COMMAND, command.model_dump_json())

    def began_anew() -> bool:
        states = [s for s in bench.centre.of_kind("state") if s["status"] == "online"]
        return bool(states[-1]["since"] > since)

    assert wait_until(began_anew, 40)


def test_the_centre_may_let_rules_of_a_camera_rest(bench: Bench) -> None:
    bench.box()
    assert wait_until(lambda: bool(bench.centre.of_kind("state")), 40)
    command = CommandMessage(
        message_id="c2",
        box_id="n1",
        sent_at=NOON,
        command="suspend_rules",
        expires_at=NOON.replace(year=2100),
        camera_id="gate",
        rules=("red_light",),
        until=NOON.replace(year=2100),
    )
    bench.centre.send("n1", Channel.COMMAND, command.model_dump_json())

    def rests() -> bool:
        return bool(bench.centre.of_kind("state")[-1]["counters"]["rules_suspended"] == 1)

    assert wait_until(rests, 40)
    assert "red_light" in next(bench.folder.rglob("suspensions.json")).read_text(encoding="utf-8")


def test_a_box_with_mistakes_in_its_files_starts_nothing_and_names_them_all(bench: Bench) -> None:
    text = bench.box_file.read_text(encoding="utf-8")
    bench.box_file.write_text(text.replace("heartbeat_s", "hartbeat_s"), encoding="utf-8")
    camera = bench.folder / "gate.yaml"
    camera.write_text(
        camera.read_text(encoding="utf-8").replace("hold_s", "hold_sec"), encoding="utf-8"
    )
    box = bench.box()
    assert box.wait() == 2
    assert "hartbeat_s: unknown key; did you mean 'heartbeat_s'?" in box.log
    assert "gate.yaml: rules.stopped_vehicle.hold_sec: unknown option" in box.log
    assert "2 mistakes; nothing was started" in box.log
    assert not (bench.folder / "var").exists()


def test_a_second_box_process_on_the_same_data_is_refused(bench: Bench) -> None:
    bench.box()
    assert wait_until(lambda: bool(bench.centre.of_kind("state")), 40)
    second = bench.box()
    assert second.wait() == 2
    assert "is another edge process using this data_dir" in second.log


def test_a_taken_port_for_figures_is_said_and_nothing_is_started(bench: Bench) -> None:
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with bench.box_file.open("a", encoding="utf-8") as file:
            file.write(f"metrics_port: {port}\n")
        box = bench.box()
        assert box.wait() == 2
    assert f"metrics_port: {port} cannot be used" in box.log
    assert bench.centre.of_kind("state") == []
