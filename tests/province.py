"""A centre with one box on the line, and people at their desks: the setting of browser tests."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from edge.contract.messages import EvidenceItem, Message
from edge.contract.topics import Channel, topic
from tests.builders import incident_message
from tests.centre import add_person
from tests.console import Desk, sit_down

if TYPE_CHECKING:
    import httpx
    from paho.mqtt import client as paho
    from playwright.sync_api import Browser

    from tests.centre import RunningCentre

WAIT_S = 10.0


@dataclass
class Province:
    """A centre, one box that talks to it, and people at their desks."""

    centre: RunningCentre
    browser: Browser
    line: paho.Client
    box: httpx.Client

    def send(self, message: Message) -> None:
        """Publish as box ``vinh-01`` and wait until the broker has it."""
        channel = Channel(str(getattr(message, "kind", "")))
        self.send_bytes(message.model_dump_json().encode(), channel)

    def send_bytes(self, payload: bytes, channel: Channel = Channel.INCIDENT) -> None:
        """Publish any bytes as box ``vinh-01``."""
        self.line.publish(topic("vinh-01", channel), payload, qos=1).wait_for_publish(WAIT_S)

    def incident(self, incident_id: str, **given: Any) -> None:
        """Send a red-light incident that happens now; ``given`` replaces fields."""
        now = datetime.now(UTC)
        fields: dict[str, Any] = {
            "box_id": "vinh-01",
            "rule": "red_light",
            "camera_id": "quang-trung",
            "sent_at": now,
            "occurred_at": now,
            "decided_at": now,
        }
        self.send(incident_message(incident_id, **(fields | given)))

    def upload(self, incident_id: str, item: EvidenceItem, content: bytes) -> None:
        """Upload one file of evidence whole."""
        pairs = {
            "evidence_id": item.evidence_id,
            "incident_id": incident_id,
            "kind": item.kind,
            "media_type": item.media_type,
            "sha256": item.sha256,
        }
        coded = ",".join(f"{k} {b64encode(str(v).encode()).decode()}" for k, v in pairs.items())
        tus = {"Tus-Resumable": "1.0.0"}
        begun = self.box.post(
            "/uploads", headers=tus | {"Upload-Length": str(len(content)), "Upload-Metadata": coded}
        )
        assert begun.status_code == 201, begun.text
        head = tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = self.box.patch(f"/uploads/{item.evidence_id}", headers=head, content=content)
        assert sent.status_code == 204, sent.text

    def desk(self, role: Role = Role.OFFICER, username: str = "", **options: Any) -> Desk:
        """Return the screen of somebody who is already logged in."""
        parts = self.centre.parts
        token = add_person(parts.database, username or role.value, role, parts.clock)
        return sit_down(self.browser, self.centre.url, (COOKIE, token), **options)


def clip_item(evidence_id: str, content: bytes, **given: Any) -> EvidenceItem:
    """Return the announcement of a file."""
    fields: dict[str, Any] = {
        "evidence_id": evidence_id,
        "kind": "clip",
        "media_type": "video/webm",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "starts_at": datetime.now(UTC),
        "codec": "vp9",
    }
    return EvidenceItem(**(fields | given))
