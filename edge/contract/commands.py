"""Orders: what the centre asks a box to do once."""

from __future__ import annotations

from typing import Literal

from edge.contract.messages import LearnedException, Message, UtcTime


class CommandMessage(Message):
    """A one-time order to a box; refused after ``expires_at``."""

    kind: Literal["command"] = "command"
    command: Literal[
        "resend_state",
        "restart",
        "hold",
        "release",
        "suspend_rules",
        "resume_rules",
        "except_place",
        "forget_exception",
    ]
    expires_at: UtcTime
    incident_id: str = ""
    """For ``hold``, ``release``, ``except_place`` and ``forget_exception``: which incident."""
    camera_id: str = ""
    """For ``suspend_rules`` and ``resume_rules``: whose rules."""
    rules: tuple[str, ...] = ()
    """Likewise: which of them."""
    until: UtcTime | None = None
    """For ``suspend_rules``: when they look again by themselves."""
    exception: LearnedException | None = None
    """For ``except_place``: what is no news any more, and until when."""
    reason: str = ""
    author: str = ""
