"""The broker's certificate, trusted by its CA only; the box's own, which stands for its token."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from paho.mqtt import subscribe
from pydantic import ValidationError
from structlog.testing import capture_logs

from edge.config.box import BrokerConfig
from edge.contract.topics import Channel, topic
from tests.builders import state_message
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
    with DeliveryBox(tmp_path, tls_broker.port, tls={"tls_ca": ca}) as box:
        assert box.connected()


# The client library leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_of_another_ca_gets_no_token_and_the_reason_is_said(
    tmp_path: Path, tls_broker: Mosquitto
) -> None:
    ca = str(certificates(tmp_path / "other") / "ca.crt")
    with capture_logs() as logs, DeliveryBox(tmp_path, tls_broker.port, tls={"tls_ca": ca}) as box:
        assert wait_until(lambda: any(e["event"] == "broker_unreachable" for e in logs))
        assert not box.publisher.connected
    [first] = [entry for entry in logs if entry["event"] == "broker_unreachable"][:1]
    assert "certificate verify failed" in first["reason"]
    gc.collect()


def box_certificate(folder: Path, box: str) -> dict[str, str]:
    """Make a box's certificate with the product's own script; return what its file says of it."""
    script = Path(__file__).parents[2] / "scripts" / "box_certificate"
    subprocess.run([str(script), str(folder), box], check=True, capture_output=True)
    names = {"tls_ca": "ca.crt", "tls_cert": f"{box}.crt", "tls_key": f"{box}.key"}
    return {key: str(folder / name) for key, name in names.items()}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that lets in whoever has a certificate of the CA, under the certificate's name."""
    made = certificates(tmp_path / "tls")
    given = (
        *(f"cafile {made / 'ca.crt'}", f"certfile {made / 'server.crt'}"),
        *(f"keyfile {made / 'server.key'}", "require_certificate true"),
        *("use_identity_as_username true", "log_type all"),
    )
    with Mosquitto(tmp_path / "broker", {CENTRE: "c" * 32}, extra=given) as broker:
        yield broker


def test_a_box_with_a_certificate_needs_no_token_and_has_its_own_branch(
    tmp_path: Path, door: Mosquitto
) -> None:
    """The broker knows no password of it; the centre hears it under the certificate's name."""
    mine, centre = (box_certificate(tmp_path / "tls", name) for name in ("n1", CENTRE))
    with DeliveryBox(tmp_path, door.port, token="never sent, not known", tls=mine) as box:
        assert box.connected()
        box.publisher.announce(state_message(message_id="by certificate"))
        heard = subscribe.simple(  # type: ignore[no-untyped-call]  # paho left it untyped
            topic("n1", Channel.STATE),
            port=door.port,
            hostname=door.host,
            tls={"ca_certs": centre["tls_ca"], "certfile": centre["tls_cert"]}
            | {"keyfile": centre["tls_key"]},
        )
    assert b"by certificate" in heard.payload


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("whose", ["nobody's", "another CA's", "another box's"])
def test_a_box_without_the_right_certificate_stays_outside(
    tmp_path: Path, door: Mosquitto, whose: str
) -> None:
    if whose == "nobody's":
        given = {"tls_ca": str(tmp_path / "tls" / "ca.crt")}
    elif whose == "another CA's":
        given = box_certificate(certificates(tmp_path / "other"), "n1")
        given["tls_ca"] = str(tmp_path / "tls" / "ca.crt")
    else:
        given = box_certificate(tmp_path / "tls", "n2")
    with DeliveryBox(tmp_path, door.port, tls=given) as box:
        if whose == "another box's":  # known, but held to the branch of its own name
            box.publisher.announce(state_message())
            assert wait_until(lambda: "Denied PUBLISH from songlam-n1" in door.log)
        else:
            assert not wait_until(lambda: box.publisher.connected, 2)
    gc.collect()


def test_half_a_certificate_is_a_mistake_of_the_box_file() -> None:
    with pytest.raises(ValidationError, match="tls_cert and tls_key go together"):
        BrokerConfig(tls_ca="ca.crt", tls_cert="n1.crt")
    with pytest.raises(ValidationError, match="tls_cert needs tls_ca"):
        BrokerConfig(tls_cert="n1.crt", tls_key="n1.key")
