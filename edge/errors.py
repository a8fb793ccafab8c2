"""The few errors of a box, named by who recovers.

A function documents in ``Raises:`` which of these a caller may meet. Whatever else escapes is a
programming mistake and is caught, logged and counted at the three places named in ARCHITECTURE.md.
"""

from __future__ import annotations


class SonglamError(Exception):
    """Root of all expected errors; never raised itself."""


class ConfigError(SonglamError):
    """A person must mend a file before anything starts; carries every mistake found at once."""

    def __init__(self, problems: list[str]) -> None:
        """Keep all problems, one line each."""
        super().__init__("\n".join(problems))
        self.problems = problems


class CameraError(SonglamError):
    """A camera or file cannot be read; the source reconnects with backoff."""


class CameraRefusedError(CameraError):
    """The camera knows the user not, or not the password; a person must mend the camera file."""


class ModelError(SonglamError):
    """A model cannot be loaded, verified or run; the box keeps the one it has."""


class BrokerError(SonglamError):
    """The broker or the centre cannot be reached; the outbox keeps everything until it can."""


class EvidenceError(SonglamError):
    """Evidence of one incident cannot be cut or written; the incident itself is still sent."""
