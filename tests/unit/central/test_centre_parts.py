"""Settings, database transactions, background tasks and acknowledgements, each by itself."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from central.bells import Bell
from central.db import Database, after_commit, attempt
from central.evidence.files import EvidenceFiles, WrongHashError
from central.evidence.uploads import parse_metadata
from central.link import BrokerLink
from central.metrics import Metrics
from central.periodic import REST_S, PeriodicTasks, Task, run_once
from central.settings import Settings, SettingsError
from central.tables.live import LiveEventRow
from tests.builders import NOON, incident_message
from tests.centre import centre_parts, delivery, migrated_database
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_settings_come_from_the_environment_and_defaults_elsewhere() -> None:
    settings = Settings.from_environment({"SONGLAM_PORT": "9000", "PORT": "1"})

    assert (settings.port, settings.host) == (9000, "127.0.0.1")


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"SONGLAM_PORT": "x", "SONGLAM_LOG_FORMAT": "xml"})

    assert "SONGLAM_PORT='x'" in str(refused.value)
    assert "SONGLAM_LOG_FORMAT='xml'" in str(refused.value)


PROVIDER = {
    "SONGLAM_PUBLIC_URL": "https://songlam.nghean.vn",
    "SONGLAM_OIDC_ISSUER": "https://sso.nghean.vn/realms/tinh",
    "SONGLAM_OIDC_CLIENT_ID": "songlam",
    "SONGLAM_OIDC_CLIENT_SECRET": "kqZ5vT1x8RjWmC3nYb7d",
}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SONGLAM_PUBLIC_URL": ""}, "SONGLAM_PUBLIC_URL"),
        ({"SONGLAM_OIDC_CLIENT_ID": ""}, "SONGLAM_OIDC_CLIENT_ID"),
        ({"SONGLAM_OIDC_CLIENT_SECRET": ""}, "16 signs"),
        ({"SONGLAM_OIDC_CLIENT_SECRET": "kqZ5vT1x8RjWmC3"}, "16 signs"),
        ({"SONGLAM_OIDC_CLIENT_SECRET": "my-client-secret-12345"}, "16 signs"),
        ({"SONGLAM_OIDC_CLIENT_SECRET": "ChangeThisChangeThis"}, "16 signs"),
        ({"SONGLAM_OIDC_ISSUER": "http://sso.nghean.vn"}, "SONGLAM_OIDC_ISSUER"),
        ({"SONGLAM_OIDC_ISSUER": "https://sso.nghean.vn/?realm=a"}, "SONGLAM_OIDC_ISSUER"),
    ],
)
def test_a_provider_comes_whole_and_with_a_secret_of_its_own(
    wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(PROVIDER | wrong)

    assert said in str(refused.value)
    assert "ecret-12345" not in str(refused.value)
    assert Settings.from_environment(PROVIDER).oidc_issuer.startswith("https://sso")


def test_the_default_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    url = Settings().resolved_database_url(tmp_path)

    assert url == f"sqlite:///{tmp_path}/songlam.sqlite3"


def test_secrets_do_not_show_in_printed_settings() -> None:
    assert "hush" not in repr(Settings.from_environment({"SONGLAM_MQTT_PASSWORD": "hush"}))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with all tables."""
    return migrated_database(tmp_path)


def event(kind: str = "box") -> LiveEventRow:
    return LiveEventRow(at=NOON, kind=kind, data={})


def test_what_waits_for_the_commit_runs_after_it_and_only_then(database: Database) -> None:
    seen: list[int] = []

    def look() -> None:
        with database.read() as other:
            seen.append(len(other.scalars(select(LiveEventRow)).all()))

    with database.write() as session:
        session.add(event())
        after_commit(session, look)
        assert seen == []

    assert seen == [1]


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(event())
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as session:
        assert session.scalars(select(LiveEventRow)).all() == []


def test_a_failed_attempt_undoes_its_own_part_only(database: Database) -> None:
    def fail_within(session: object) -> None:
        with attempt(session):  # type: ignore[arg-type]  # a session, typed loosely for brevity
            session.add(event("undone"))  # type: ignore[attr-defined]
            session.flush()  # type: ignore[attr-defined]
            raise KeyError

    with database.write() as session:
        session.add(event("kept"))
        with pytest.raises(KeyError):
            fail_within(session)
    with database.read() as session:
        assert session.scalars(select(LiveEventRow.kind)).all() == ["kept"]


def test_two_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    """Both read before they write: the case in which a deferred SQLite transaction gives up."""
    start = threading.Barrier(2)
    errors: list[Exception] = []

    def write() -> None:
        start.wait()
        try:
            for _ in range(20):
                with database.write() as session:
                    session.scalars(select(LiveEventRow)).all()
                    session.add(event())
        except OperationalError as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with database.read() as session:
        assert len(session.scalars(select(LiveEventRow)).all()) == 40


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without zone"), database.write() as session:
        session.add(LiveEventRow(at=NOON.replace(tzinfo=None), kind="box", data={}))


def test_a_background_task_that_the_database_refuses_is_counted_and_runs_again(
    database: Database, tmp_path: Path
) -> None:
    centre, _ = centre_parts(database, tmp_path)

    def refused(one: Centre) -> None:
        with one.database.read() as session:
            session.execute(text("SELECT * FROM no_such_table"))

    for _ in range(2):
        run_once(centre, Task(name="broken", interval_s=1, run=refused))

    failures = centre.metrics.registry.get_sample_value(
        "songlam_periodic_failures_total", {"task": "broken"}
    )
    assert failures == 2


def test_background_tasks_run_at_once_and_stop_when_told(
    database: Database, tmp_path: Path
) -> None:
    centre, _ = centre_parts(database, tmp_path)
    ran = threading.Event()
    tasks = PeriodicTasks(centre, (Task(name="t", interval_s=60, run=lambda _: ran.set()),))
    tasks.start()

    assert ran.wait(5)
    assert tasks.alive
    tasks.stop()
    assert not tasks.alive


def test_a_bell_makes_a_background_task_run_at_once_and_a_storm_of_them_now_and_then(
    database: Database, tmp_path: Path
) -> None:
    centre, _ = centre_parts(database, tmp_path)
    runs: list[float] = []
    ran = threading.Event()

    def note(_: Centre) -> None:
        runs.append(time.monotonic())
        ran.set()

    task = Task(name="t", interval_s=3600, run=note, bell=Bell.INCIDENTS)
    tasks = PeriodicTasks(centre, (task,))
    tasks.start()
    assert ran.wait(5)
    for _ in range(2):
        ran.clear()
        centre.bells.ring(Bell.DELIVERIES)  # another's
        for _ in range(100):
            centre.bells.ring(Bell.INCIDENTS)
        assert ran.wait(5)
    tasks.stop()

    assert 3 <= len(runs) <= 5
    assert all(later - earlier >= REST_S for earlier, later in itertools.pairwise(runs))


def test_a_background_task_that_takes_long_rests_until_its_share_is_kept(
    database: Database, tmp_path: Path
) -> None:
    centre, _ = centre_parts(database, tmp_path)
    spans: list[tuple[float, float]] = []

    def work(_: Centre) -> None:
        began = time.monotonic()
        time.sleep(0.05)
        spans.append((began, time.monotonic()))

    tasks = PeriodicTasks(centre, (Task(name="t", interval_s=0.01, run=work, share=0.2),))
    tasks.start()
    assert wait_until(lambda: len(spans) >= 3)
    tasks.stop()

    for (began, ended), (again, _) in itertools.pairwise(spans):
        assert again - ended >= 3.9 * (ended - began)


class CountingClient:
    """Counts acknowledgements in place of paho's client."""

    def __init__(self) -> None:
        self.acked: list[int] = []

    def ack(self, packet_id: int, _qos: int) -> None:
        """Count one."""
        self.acked.append(packet_id)


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent() -> None:
    """After a reconnect packet ids start anew: a late one would acknowledge another message."""
    link, client = BrokerLink(Metrics()), CountingClient()
    link._client = client  # type: ignore[assignment]  # stands for a connected client
    link._connection = 2
    for connection in (1, 2):
        link.ack(delivery(incident_message(), packet_id=connection, connection=connection))

    assert client.acked == [2]


def test_a_message_that_asked_for_no_acknowledgement_gets_none() -> None:
    link, client = BrokerLink(Metrics()), CountingClient()
    link._client = client  # type: ignore[assignment]  # stands for a connected client
    link._connection = 1
    link.ack(delivery(incident_message(), qos=0))

    assert client.acked == []


def test_a_file_gets_its_name_only_with_the_right_hash(tmp_path: Path) -> None:
    files = EvidenceFiles(tmp_path)
    for content in (b"hello", b"hellO"):
        with files.append(content.decode()) as part:
            files.write_all(part, content)
    files.finish("hello", HELLO)
    with pytest.raises(WrongHashError):
        files.finish("hellO", HELLO)

    assert files.path("hello").read_bytes() == b"hello"
    assert files.received_bytes("hellO") == 0
    assert len(list(tmp_path.rglob("hell*"))) == 1


def test_upload_metadata_is_names_with_base64_values() -> None:
    assert parse_metadata("kind Y2xpcA==,empty") == {"kind": "clip", "empty": ""}
    with pytest.raises(ValueError, match="kind is not base64"):
        parse_metadata("kind %%%")
