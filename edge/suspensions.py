"""Rules that rest by order: an officer directs the traffic, so the lights do not count.

Source: Law 36/2024 Art. 11.2 and 11.12: an officer's signal outranks lights, signs and markings.

Invariants:
    * Every suspension names a camera, its rules and an end; there is none for ever. A later order
      for the same rule replaces an earlier one.
    * What stands is in ``<data_dir>/suspensions.json`` and in force again after a restart, until
      its end. A disk that refuses costs only that: the order is obeyed at once all the same.
    * Whether a rule rests is asked per scene and answered from memory, from any thread.

Who may order it is decided at the centre. Which sightings are lost meanwhile nobody knows: the rule
does not look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel, ValidationError

from edge.contract.catalogue import CATALOGUE
from edge.contract.messages import Suspension

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge.clock import Clock
    from edge.contract.commands import CommandMessage
    from edge.counters import Counters

log = structlog.get_logger(__name__)


class _List(BaseModel):
    """The file's content."""

    suspensions: tuple[Suspension, ...] = ()


class Suspensions:
    """The suspensions of one box."""

    def __init__(self, data_dir: Path, clock: Clock, counters: Counters) -> None:
        """Take up what stood when the last process ended."""
        self._path = data_dir / "suspensions.json"
        self._clock, self._counters = clock, counters
        self._standing = self._read()

    def obey(self, command: CommandMessage) -> None:
        """Let rules of a camera rest, or look again, as the centre orders."""
        now, wanted = self._clock.now(), frozenset(command.rules)
        problem = _problem(command)
        if not problem and command.command == "suspend_rules" and not _ends_after(command, now):
            problem = "its end has passed or is missing"
        if problem:
            self._counters.increment("commands_refused")
            log.warning("suspension_refused", camera=command.camera_id, reason=problem)
            return
        kept = tuple(
            each
            for each in self._standing
            if each.until > now
            and not (each.camera_id == command.camera_id and each.rule in wanted)
        )
        if command.command == "suspend_rules" and command.until is not None:
            kept += tuple(
                Suspension(
                    camera_id=command.camera_id,
                    rule=rule,
                    until=command.until,
                    reason=command.reason,
                    author=command.author,
                )
                for rule in sorted(wanted)
            )
            self._counters.increment("rules_suspended", len(wanted))
        self._standing = kept
        log.info(
            command.command,
            camera=command.camera_id,
            rules=sorted(wanted),
            until=str(command.until or ""),
            author=command.author,
        )
        self._write()

    def rules_of(self, camera_id: str) -> frozenset[str]:
        """Return the rules of a camera that rest now."""
        if not self._standing:
            return frozenset()
        now = self._clock.now()
        return frozenset(
            each.rule for each in self._standing if each.camera_id == camera_id and each.until > now
        )

    def standing(self) -> tuple[Suspension, ...]:
        """Return what rests now, for the heartbeat."""
        now = self._clock.now()
        return tuple(each for each in self._standing if each.until > now)

    def _read(self) -> tuple[Suspension, ...]:
        """Return what the file says; nothing when there is none or it cannot be read."""
        try:
            return _List.model_validate_json(self._path.read_bytes()).suspensions
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            log.warning("suspensions_unreadable", path=str(self._path), reason=str(error)[:200])
            return ()

    def _write(self) -> None:
        """Replace the file, whole or not at all."""
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            part.write_text(_List(suspensions=self._standing).model_dump_json(indent=1), "utf-8")
            part.replace(self._path)
        except OSError as error:
            log.warning("suspensions_unwritable", path=str(self._path), reason=str(error))


def _problem(command: CommandMessage) -> str:
    """Return why an order cannot be understood; empty when it can."""
    if not command.camera_id or not command.rules:
        return "it names no camera or no rule"
    wrong = sorted(r for r in command.rules if r not in CATALOGUE or not CATALOGUE[r].may_rest)
    return f"rules that are unknown or never rest: {', '.join(wrong)}" if wrong else ""


def _ends_after(command: CommandMessage, now: datetime) -> bool:
    """Say whether a suspension has an end that is still to come."""
    return command.until is not None and command.until > now
