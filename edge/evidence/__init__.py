"""Evidence of an incident: clip, stills and overlay, cut from what the camera itself sent.

:mod:`recorder` takes a :mod:`request` and decides when what is cut; :mod:`cut` makes the files of
one request; :mod:`clip` writes packets without re-encoding; :mod:`stills` decodes exact frames;
:mod:`playback` makes a copy for browsers where the original's codec does not play; :mod:`files`
writes atomically and hashes.

Invariants:
    * The original is the evidence: nothing is drawn on it, nothing re-encoded. A playback is a
      copy and says so.
    * A file exists under its name only when it is whole and on disk.
"""

from edge.evidence.files import find_file
from edge.evidence.recorder import EvidenceRecorder
from edge.evidence.request import EvidenceRequest

__all__ = ["EvidenceRecorder", "EvidenceRequest", "find_file"]
