"""``python -m central`` as a technician calls it: boxes, keys, settings."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from central.auth.schemas import Role
from central.auth.tokens import token_hash
from central.tables.users import PasskeyRow
from tests.builders import NOON
from tests.centre import add_person, migrated_database
from tests.forks import CENTRE, parent_of

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token-made-by-the-test-0123456789"
ADD_BOX = ("add-box", "box-1", "--token-variable", "THE_TOKEN")


def run(data_dir: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command of a centre that keeps its files in ``data_dir``."""
    given = {"SONGLAM_DATA_DIR": str(data_dir), "PATH": os.environ["PATH"], **environment}
    out, err = (data_dir.with_name(f"{data_dir.name}.{name}") for name in ("out", "err"))
    for path in (out, err):
        path.write_bytes(b"")
    status = parent_of(CENTRE).begin(*command, environment=given, out=out, err=err).wait(60)
    return subprocess.CompletedProcess(command, status, out.read_text(), err.read_text())


def stored(data_dir: Path, query: str) -> list[tuple[str, ...]]:
    """Return what the database of the centre holds."""
    with sqlite3.connect(data_dir / "songlam.sqlite3") as database:
        return database.execute(query).fetchall()


def test_a_box_is_registered_once_with_the_token_of_the_environment(tmp_path: Path) -> None:
    first = run(tmp_path, *ADD_BOX, "--name", "Ngã tư chợ Vinh", THE_TOKEN=TOKEN)
    again = run(tmp_path, *ADD_BOX, THE_TOKEN=TOKEN)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "was registered already" in again.stdout
    assert stored(tmp_path, "SELECT box_id, name, token_hash FROM boxes") == [
        ("box-1", "Ngã tư chợ Vinh", token_hash(TOKEN))
    ]

    other = run(tmp_path, *ADD_BOX, THE_TOKEN=TOKEN[::-1])

    assert other.returncode == 0, other.stderr
    assert stored(tmp_path, "SELECT token_hash FROM boxes") == [(token_hash(TOKEN[::-1]),)]
    assert stored(tmp_path, "SELECT action FROM audit_log ORDER BY id") == [
        ("register",),
        ("renew_token",),
    ]


@pytest.mark.parametrize(
    ("token", "box", "says"),
    [
        ("", "box-1", "THE_TOKEN holds 0"),
        ("short", "box-1", "at least 16"),
        (TOKEN, "../x", "box_id"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_the_reason(
    tmp_path: Path, token: str, box: str, says: str
) -> None:
    refused = run(tmp_path, "add-box", box, "--token-variable", "THE_TOKEN", THE_TOKEN=token)

    assert refused.returncode == 2
    assert says in refused.stderr
    assert TOKEN not in refused.stderr


def test_an_administrator_who_lost_everything_gets_in_again(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    add_person(database, "admin", Role.ADMIN)
    with database.write() as session:
        session.add(
            PasskeyRow(
                username="admin", name="lost", credential_id="c", user_handle="h",
                public_key="k", sign_count=0, created_at=NOON,
            )
        )  # fmt: skip
    database.close()
    done = run(tmp_path, "create-admin")

    assert done.returncode == 0, done.stderr
    assert stored(tmp_path, "SELECT name FROM passkeys") == []
    assert stored(tmp_path, "SELECT actor, action FROM audit_log ORDER BY id") == [
        ("system", "reset_password"),
        ("system", "passkeys_off"),
    ]


def test_the_public_key_is_printed_as_a_box_file_wants_it(tmp_path: Path) -> None:
    first = run(tmp_path, "public-key").stdout.strip()
    again = run(tmp_path, "public-key").stdout.strip()

    assert len(base64.b64decode(first, validate=True)) == 32
    assert again == first


def test_the_settings_are_listed_without_the_secrets(tmp_path: Path) -> None:
    shown = run(tmp_path, "settings", SONGLAM_MQTT_PASSWORD="a-secret-of-the-broker").stdout

    assert "SONGLAM_MQTT_PASSWORD=(given)" in shown
    assert "a-secret-of-the-broker" not in shown


def test_a_wrong_setting_ends_with_its_name(tmp_path: Path) -> None:
    refused = run(tmp_path, "settings", SONGLAM_PORT="many")

    assert refused.returncode == 2
    assert "SONGLAM_PORT" in refused.stderr


def test_retention_is_listed_and_run_from_the_command_line(tmp_path: Path) -> None:
    listed = run(tmp_path, "retention", "--dry-run")
    done = run(tmp_path, "retention")

    assert (listed.returncode, done.returncode) == (0, 0), listed.stderr + done.stderr
    assert listed.stdout.startswith("0 incidents would lose their evidence")
    assert done.stdout == "nothing more is due\n"


def test_an_inspection_names_what_is_damaged_by_its_status(tmp_path: Path) -> None:
    assert run(tmp_path, "inspect").stdout == "0 files, 0 damaged\n"
    with sqlite3.connect(tmp_path / "songlam.sqlite3") as database:
        database.execute(
            "INSERT INTO evidence (evidence_id, box_id, incident_id, kind, media_type, sha256, "
            "size_bytes, stored_at, received_bytes, announced_revision, label, codec) "
            "VALUES ('e1', 'n1', 'i1', 'clip', 'video/mp4', 'ab', 1, '2026-03-02', 1, 1, '', '')"
        )
    damaged = run(tmp_path, "inspect")

    assert damaged.returncode == 1
    assert damaged.stdout == "damaged: e1\n1 files, 1 damaged\n"
