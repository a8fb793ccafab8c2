"""No sequence of requests, messages, commands, retention or full disks deletes what is held.

People, boxes, the clock and the disk do what they like, in any order; after each step every file of
an incident that has been held since it was stored must still be there, byte for byte, and be given
to whoever may see it.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from central import keeping
from central.auth.schemas import Role
from central.evidence import deletion, retention
from central.evidence.files import evidence_files
from tests.builders import ManualClock, incident_message
from tests.centre import RunningCentre, running_centre, take_in
from tests.signing_box import evidence_of
from tests.tus import append, begin, send_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from central.centre import Centre
    from edge.contract.messages import EvidenceItem

NUMBERS = (1, 2, 3)
EXAMPLES = itertools.count()
"""Each example has incidents and a box of its own; the centre and its clock go on."""
STATEMENTS = (
    "DELETE FROM evidence WHERE incident_id = :id",
    "UPDATE evidence SET deleted_at = stored_at WHERE incident_id = :id",
    "UPDATE evidence SET stored_at = NULL WHERE incident_id = :id",
    "DELETE FROM legal_holds WHERE incident_id = :id",
    "DELETE FROM incidents WHERE incident_id = :id",
)


def item(incident_id: str, version: int = 0) -> tuple[EvidenceItem, bytes]:
    """Return the clip of an incident, or another one that claims its id."""
    content = f"clip of {incident_id}, {version}".encode() * 20
    return evidence_of(content, f"{incident_id}.clip", "clip", "video/mp4"), content


@dataclass
class World:
    """Three new incidents of a new box at a running centre, and the people who see them."""

    centre: Centre
    clock: ManualClock
    officer: httpx.Client
    admin: httpx.Client
    box: httpx.Client
    box_id: str
    version: int = 1
    stored: dict[str, str] = field(default_factory=dict)
    """Incident → hash of its clip, while it is held."""

    def name(self, number: int) -> str:
        """Return the id of one of the incidents."""
        return f"{self.box_id}-i{number}"

    def act(self, name: str, number: int) -> None:
        """Take one step."""
        incident_id = self.name(number)
        acts: dict[str, Callable[[str], object]] = {
            "hold": lambda i: self.officer.post(f"{_path(i)}/hold", json={"reason": "án 12"}),
            "release": lambda i: self.officer.delete(f"{_path(i)}/hold?reason=xong"),
            "confirm": lambda i: self._review(i, "confirm"),
            "reject": lambda i: self._review(i, "reject", reason_code="duplicate"),
            "reopen": lambda i: self._review(i, "reopen"),
            "view": lambda i: self.officer.get(f"/evidence/{i}.clip"),
            "export": lambda i: self.officer.get(f"{_path(i)}/export?purpose=gửi đi"),
            "delete_file": lambda i: self.admin.delete(f"/evidence/{i}.clip"),
            "delete_incident": lambda i: self.admin.delete(_path(i)),
            "remove_box": lambda _: self.admin.delete(f"/boxes/{self.box_id}"),
            "days": lambda _: self.clock.advance(20 * 86_400),
            "years": lambda _: self.clock.advance(500 * 86_400),
            "retention": lambda _: retention.run(self.centre, self._files()),
            "command": lambda _: keeping.retain(self.centre, lambda _: None, dry_run=False),
            "inspect": lambda _: keeping.inspect(self.centre, lambda _: None),
            "by_name": self._delete_by_name,
            "announce": self._announce_another,
            "upload": self._upload_another,
            "full_disk": self._upload_on_full_disk,
            "sql": self._statements,
        }
        acts[name](incident_id)
        self._look(name, incident_id)

    def _look(self, name: str, incident_id: str) -> None:
        """Take down what is held now, and see that it is there."""
        detail = self.officer.get(_path(incident_id)).json()
        entry = next(e for e in detail["evidence"] if e["kind"] == "clip")
        if not detail["held"]:
            self.stored.pop(incident_id, None)
        elif name == "hold" and entry["state"] == "stored":
            self.stored.setdefault(incident_id, entry["sha256"])
        for held, sha256 in self.stored.items():
            given = self.officer.get(f"/evidence/{held}.clip")
            assert given.status_code == 200, (name, held)
            assert hashlib.sha256(given.content).hexdigest() == sha256, (name, held)

    def _files(self) -> Any:
        return evidence_files(self.centre.data_dir)

    def _review(self, incident_id: str, verb: str, **told: str) -> None:
        version = self.officer.get(_path(incident_id)).json()["version"]
        self.officer.post(f"{_path(incident_id)}/{verb}", json={"version": version} | told)

    def _delete_by_name(self, incident_id: str) -> None:
        with self.centre.database.write() as session:
            ground = deletion.Ground(rule="rejected", days=1)
            deletion.delete(session, self.centre, self._files(), [incident_id], ground)

    def _announce_another(self, incident_id: str) -> None:
        self.version += 1
        other, _ = item(incident_id, self.version)
        message = incident_message(incident_id, self.version, box_id=self.box_id, evidence=[other])
        with self.centre.database.write() as session:
            take_in(session, message)

    def _upload_another(self, incident_id: str) -> None:
        other, content = item(incident_id, self.version)
        if begin(self.box, incident_id, other).status_code < 300:
            append(self.box, other, content)

    def _upload_on_full_disk(self, incident_id: str) -> None:
        full = self.centre.settings.model_copy(update={"disk_reserve_bytes": 1 << 60})
        before = self.centre.settings
        object.__setattr__(self.centre, "settings", full)
        self._upload_another(incident_id)
        object.__setattr__(self.centre, "settings", before)

    def _statements(self, incident_id: str) -> None:
        """Try what somebody at the database itself might; only held incidents are safe there."""
        if incident_id not in self.stored:
            return
        for statement in STATEMENTS:
            with pytest.raises(DBAPIError), self.centre.database.write() as session:
                session.execute(text(statement), {"id": incident_id})


def _path(incident_id: str) -> str:
    return f"/incidents/{incident_id}"


STEPS = (
    *("hold", "release", "confirm", "reject", "reopen", "view", "export", "delete_file"),
    *("delete_incident", "remove_box", "days", "years", "retention", "command", "inspect"),
    *("by_name", "announce", "upload", "full_disk", "sql"),
)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """A clock that only goes on."""
    return ManualClock()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, clock: ManualClock) -> Iterator[RunningCentre]:
    """One running centre, with people whose log-ins outlast every leap of the clock."""
    with running_centre(tmp_path_factory.mktemp("centre"), clock.now) as running:
        yield running


def new_world(centre: RunningCentre, clock: ManualClock) -> World:
    """Return a world with one stored clip per incident."""
    box_id = f"n{next(EXAMPLES)}"
    officer, admin = centre.person(Role.OFFICER), centre.person(Role.ADMIN)
    with centre.parts.database.write() as session:
        session.execute(text("UPDATE logins SET expires_at = '9000-01-01 00:00:00'"))
    world = World(centre.parts, clock, officer, admin, centre.box(box_id), box_id)
    for number in NUMBERS:
        incident_id = world.name(number)
        clip, content = item(incident_id)
        message = incident_message(incident_id, box_id=box_id, evidence=[clip])
        with centre.parts.database.write() as session:
            take_in(session, message, clock.now())
        send_evidence(world.box, incident_id, clip, content)
    return world


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(NUMBERS)), min_size=5, max_size=25
    )
)
def test_nothing_deletes_what_is_held(
    centre: RunningCentre, clock: ManualClock, steps: list[tuple[str, int]]
) -> None:
    world = new_world(centre, clock)
    world.act("hold", 1)
    for name, number in steps:
        world.act(name, number)


def test_the_same_steps_delete_what_is_not_held(centre: RunningCentre, clock: ManualClock) -> None:
    """Else the property would hold for a centre that deletes nothing at all."""
    world = new_world(centre, clock)
    world.act("hold", 1)
    for name, number in (("reject", 1), ("reject", 2), ("days", 1), ("days", 1), ("retention", 1)):
        world.act(name, number)

    assert world.officer.get(f"/evidence/{world.name(2)}.clip").status_code == 410
    assert set(world.stored) == {world.name(1)}
