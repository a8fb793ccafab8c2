"""Topic names: the one place where they are spelled.

``songlam/v1/{box}/{incident|state|telemetry|reported}`` go up,
``songlam/v1/{box}/{receipt|desired|command}`` go down. A broker grants a box its own branch only.
"""

from __future__ import annotations

from enum import StrEnum

from edge.contract.commands import CommandMessage
from edge.contract.messages import (
    DesiredMessage,
    IncidentMessage,
    Message,
    ReceiptMessage,
    ReportedMessage,
    StateMessage,
    TelemetryMessage,
)

ROOT = "songlam/v1"


class Channel(StrEnum):
    """The last part of a topic."""

    INCIDENT = "incident"
    STATE = "state"
    TELEMETRY = "telemetry"
    REPORTED = "reported"
    RECEIPT = "receipt"
    DESIRED = "desired"
    COMMAND = "command"


UPWARD = (Channel.INCIDENT, Channel.STATE, Channel.TELEMETRY, Channel.REPORTED)
DOWNWARD = (Channel.RECEIPT, Channel.DESIRED, Channel.COMMAND)
RETAINED = frozenset({Channel.STATE, Channel.REPORTED, Channel.DESIRED})

MESSAGE_TYPES: dict[Channel, type[Message]] = {
    Channel.INCIDENT: IncidentMessage,
    Channel.STATE: StateMessage,
    Channel.TELEMETRY: TelemetryMessage,
    Channel.REPORTED: ReportedMessage,
    Channel.RECEIPT: ReceiptMessage,
    Channel.DESIRED: DesiredMessage,
    Channel.COMMAND: CommandMessage,
}


_NAMES = frozenset(Channel)


def topic(box_id: str, channel: Channel) -> str:
    """Return the topic of ``channel`` for one box."""
    return f"{ROOT}/{box_id}/{channel}"


def parse_topic(name: str) -> tuple[str, Channel]:
    """Return (box_id, channel) of a topic.

    Raises:
        ValueError: The topic is not one of ours.
    """
    head, _, rest = name.partition(f"{ROOT}/")
    box_id, _, channel = rest.partition("/")
    if head or not box_id or channel not in _NAMES:
        raise ValueError(f"not a Sông Lam topic: {name!r}")
    return box_id, Channel(channel)
