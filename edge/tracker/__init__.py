"""From detections to tracks: who is who over time, in seconds, ids never reused.

Read ``tracker`` (the life of a track) first, then ``association`` (which detection is which track)
and ``motion`` (where a track should be now).
"""

from edge.tracker.tracker import Tracker

__all__ = ["Tracker"]
