"""The broker's certificate: trusted by its CA only, and the box says so when it is not."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.delivery_box import TOKEN, DeliveryBox
from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker


def certificates(folder: Path) -> Path:
    """Make a CA and a broker certificate with the product's own script; return the folder."""
    script = Path(__file__).parents[2] / "scripts" / "certificates"
    subprocess.run([str(script), str(folder), "127.0.0.1"], check=True, capture_output=True)
    return folder


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = certificates(tmp_path / "tls")
    keys = [f"certfile {made / 'server.crt'}", f"keyfile {made / 'server.key'}"]
    with Mosquitto(tmp_path / "broker", {CENTRE: "c" * 32, "n1": TOKEN}, extra=keys) as broker:
        yield broker


def test_a_broker_with_tls_is_trusted_by_its_ca(tmp_path: Path, tls_broker: Mosquitto) -> None:
    ca = str(tmp_path / "tls" / "ca.crt")
    with DeliveryBox(tmp_path, tls_broker.port, tls_ca=ca) as box:
        assert box.connected()


# The client library leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_of_another_ca_gets_no_token_and_the_reason_is_said(
    tmp_path: Path, tls_broker: Mosquitto
) -> None:
    ca = str(certificates(tmp_path / "other") / "ca.crt")
    with capture_logs() as logs, DeliveryBox(tmp_path, tls_broker.port, tls_ca=ca) as box:
        assert wait_until(lambda: any(e["event"] == "broker_unreachable" for e in logs))
        assert not box.publisher.connected
    [first] = [entry for entry in logs if entry["event"] == "broker_unreachable"][:1]
    assert "certificate verify failed" in first["reason"]
    gc.collect()
