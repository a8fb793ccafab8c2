"""What can happen to evidence once the centre has it, and to the chain of a box it watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central import keeping
from central.custody import integrity
from central.evidence import retention
from central.evidence.files import EvidenceFiles, evidence_files
from central.fleet import intake, views
from central.fleet import service as fleet
from central.fleet.intake import Heard
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow
from tests.builders import ManualClock, incident_message
from tests.centre import add_box, centre_parts, migrated_database, take_in
from tests.signing_box import SigningBox, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.fleet.schemas import BoxItem
    from tests.fault_matrix import FaultCase

CLIPS = 20


class StubbornFiles(EvidenceFiles):
    """An evidence folder on a disk that refuses to delete until it is mended."""

    mended = False

    def remove(self, evidence_id: str) -> bool:
        """Delete a file, or refuse.

        Raises:
            OSError: The disk is not mended.
        """
        if not self.mended:
            raise OSError(30, "Read-only file system")
        return super().remove(evidence_id)


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def centre(tmp_path: Path, clock: ManualClock) -> Centre:
    """A centre with a box and :data:`CLIPS` rejected incidents, each with its stored clip."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    centre = centre_parts(database, tmp_path, clock.now)[0]
    for number in range(CLIPS):
        content = f"clip {number}".encode()
        item = evidence_of(content, f"i{number}.clip", "clip", "video/mp4")
        path = evidence_files(tmp_path).path(item.evidence_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with database.write() as session:
            take_in(session, incident_message(f"i{number}", evidence=[item]), clock.now())
            session.get_one(EvidenceRow, item.evidence_id).stored_at = clock.now()
            row = session.get_one(IncidentRow, f"i{number}")
            row.status, row.reviewed_at = "rejected", clock.now()
    return centre


def present(centre: Centre) -> int:
    """Return how many clips lie on the centre's disk."""
    files = evidence_files(centre.data_dir)
    return sum(files.path(f"i{number}.clip").exists() for number in range(CLIPS))


def hear(centre: Centre, box: SigningBox, clock: ManualClock) -> BoxItem:
    clock.advance(10)
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(box.state(clock.now()))])
        return views.view(session, fleet.get(session, "n1"))


@pytest.mark.fault("disk")
def test_evidence_that_rots_at_the_centre_is_named_by_an_inspection(
    centre: Centre, fault_case: FaultCase
) -> None:
    fault_case.injected("one byte flipped in two stored clips, a third removed by hand")
    for number in (3, 8):
        path = evidence_files(centre.data_dir).path(f"i{number}.clip")
        path.write_bytes(bytes([path.read_bytes()[0] ^ 1, *path.read_bytes()[1:]]))
    evidence_files(centre.data_dir).path("i11.clip").unlink()
    said: list[str] = []
    damaged = keeping.inspect(centre, said.append)

    assert said[:3] == ["damaged: i11.clip", "damaged: i3.clip", "damaged: i8.clip"]
    with centre.database.read() as session:
        states = [
            integrity.judge(session, session.get_one(IncidentRow, f"i{number}")).state
            for number in range(CLIPS)
        ]
    assert states.count("broken") == 3
    fault_case.not_interrupted()
    fault_case.lost("stored clips", damaged, of=CLIPS, named_by="python -m central inspect")


@pytest.mark.fault("disk")
def test_a_disk_that_refuses_a_recorded_deletion_is_asked_again(
    centre: Centre, clock: ManualClock, fault_case: FaultCase
) -> None:
    fault_case.injected("the centre's disk read-only while retention runs")
    clock.advance(31 * 86_400)
    files = StubbornFiles(centre.data_dir / "evidence")
    done = retention.run(centre, files)
    assert (sum(each.files for each in done), present(centre)) == (CLIPS, CLIPS)

    with fault_case.recovering():
        files.mended = True
        retention.run(centre, files)
        assert present(centre) == 0
    with centre.database.read() as session:
        unrecorded = session.scalars(
            select(EvidenceRow).where(EvidenceRow.deleted_at.is_(None))
        ).all()
    fault_case.lost("records of deletion", len(unrecorded), of=CLIPS)


@pytest.mark.fault("power")
def test_a_box_restored_from_an_old_image_is_noticed_by_its_shorter_chain(
    centre: Centre, clock: ManualClock, fault_case: FaultCase
) -> None:
    fault_case.injected("a box's disk set back to an image 40 entries old")
    box = SigningBox().grow(100)
    assert hear(centre, box, clock).alarms == []
    del box.lines[60:]
    alarms = [alarm.code for alarm in hear(centre, box, clock).alarms]

    assert alarms == ["chain_went_back"]
    fault_case.not_interrupted()
    fault_case.lost("chain entries", 40, of=100, named_by="alarm chain_went_back")


@pytest.mark.fault("process")
def test_a_second_box_with_a_copied_name_and_token_is_an_alarm(
    centre: Centre, clock: ManualClock, fault_case: FaultCase
) -> None:
    fault_case.injected("another computer with the box's name and token, and a key of its own")
    box, other = SigningBox().grow(10), SigningBox().grow(30)
    hear(centre, box, clock)
    alarms = [alarm.code for alarm in hear(centre, other, clock).alarms]
    shown = hear(centre, box.grow(2), clock)

    assert alarms == ["chain_key_changed"]
    assert shown.chain is not None
    assert shown.chain.public_key == box.public_key
    fault_case.not_interrupted()
    fault_case.lost("trusted keys", int(shown.chain.public_key != box.public_key), of=1)
