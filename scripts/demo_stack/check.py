"""Wait for what the demonstration promises: an incident with a clip that plays, at the centre."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import av
import httpx

from scripts.demo_stack.parts import POLL_S, DemoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.demo_stack.api import Api, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The one line that ``scripts/demo --check`` prints."""

    ok: bool
    incident_id: str
    rule: str
    camera_id: str
    occurred_at: str
    seconds_to_incident: float
    seconds_to_clip: float
    clip_bytes: int
    clip_codec: str
    clip_frames: int
    incidents: int
    kinds: list[str]
    seconds_to_kinds: float
    cameras_online: int

    def as_dict(self) -> dict[str, object]:
        """Return the line's content."""
        return asdict(self)


def wait_for_playable_incident(
    api: Api,
    alive: Callable[[], None],
    within_s: float,
    kinds: frozenset[str] = frozenset(),
    tell: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Return what was found once an incident with a playable clip, and all ``kinds``, are served.

    ``tell`` is given a line whenever something that is waited for has come.

    Raises:
        DemoError: A program ended, a clip is not what its hash says, or time is up.
    """
    begun = time.monotonic()
    first_s: float | None = None
    playable: tuple[Json, Json, float] | None = None
    seen: set[str] = set()
    count = 0
    while (waited_s := time.monotonic() - begun) < within_s:
        alive()
        incidents = api.get("/incidents?limit=100")["items"]
        count = len(incidents)
        for kind in sorted({incident["rule"] for incident in incidents} - seen):
            seen.add(kind)
            tell(f"{waited_s:.0f} s: {kind}; {_progress(seen, kinds)}")
        if incidents and first_s is None:
            first_s = waited_s
        if playable is None:
            playable = _playable(api, incidents, waited_s)
            if playable is not None:
                tell(f"{waited_s:.0f} s: a clip that plays; {_progress(seen, kinds)}")
        if playable is not None and kinds <= seen:
            waited = (first_s or waited_s, playable[2], waited_s)
            return _summary(api, playable[:2], waited, sorted(seen))
        time.sleep(POLL_S)
    told = f"{count} incidents came" if count else "no incident came"
    lack = "" if playable else ", none with a playable clip"
    unseen = f"; never seen: {', '.join(sorted(kinds - seen))}" if kinds - seen else ""
    raise DemoError(f"within {within_s:.0f} s {told}{lack}{unseen}")


def _progress(seen: set[str], kinds: frozenset[str]) -> str:
    """Return how much of what is waited for has come."""
    lacking = f", waiting for {', '.join(sorted(kinds - seen))}" if kinds - seen else ""
    return f"{len(kinds & seen)} of {len(kinds)} kinds{lacking}"


def _playable(api: Api, incidents: list[Json], waited_s: float) -> tuple[Json, Json, float] | None:
    """Return an incident with its playable clip and when it was found, None when none has one."""
    for incident in incidents:
        clip = find_clip(api, incident) if incident["clip_ready"] else None
        if clip is not None:
            return incident, clip, waited_s
    return None


def find_clip(api: Api, incident: Json) -> Json | None:
    """Return the stored evidence of an incident that a browser can play."""
    whole = api.get(f"/incidents/{incident['incident_id']}")
    for item in whole["evidence"]:
        if item["playable"] and item["state"] == "stored" and item["url"]:
            return item
    return None


def _summary(
    api: Api, found: tuple[Json, Json], waited: tuple[float, float, float], kinds: list[str]
) -> Summary:
    """Fetch the clip, compare its hash, decode it, and say what was seen."""
    incident, clip = found
    content = api.fetch(clip["url"])
    if hashlib.sha256(content.content).hexdigest() != clip["sha256"]:
        raise DemoError(f"clip {clip['evidence_id']} is not what its SHA-256 says")
    part = api.fetch(clip["url"], "bytes=0-99")
    if part.status_code != httpx.codes.PARTIAL_CONTENT:
        raise DemoError(f"clip {clip['evidence_id']}: a byte range answered {part.status_code}")
    with av.open(io.BytesIO(content.content), mode="r") as container:
        frames = 0
        for _ in container.decode(video=0):
            frames += 1
        codec = container.streams.video[0].codec_context.name
    cameras = api.get("/cameras")["items"]
    return Summary(
        ok=True,
        incident_id=incident["incident_id"],
        rule=incident["rule"],
        camera_id=incident["camera_id"],
        occurred_at=incident["occurred_at"],
        seconds_to_incident=round(waited[0], 1),
        seconds_to_clip=round(waited[1], 1),
        clip_bytes=len(content.content),
        clip_codec=codec,
        clip_frames=frames,
        incidents=len(api.get("/incidents?limit=100")["items"]),
        kinds=kinds,
        seconds_to_kinds=round(waited[2], 1),
        cameras_online=sum(camera["status"] == "online" for camera in cameras),
    )
