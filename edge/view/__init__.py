"""From pixels to facts about the view itself: is the camera well, what lies there, how high is it.

Rules never see pixels; what they need of them is measured here, a few times a second, on a small
picture, and carried by the Scene. Decides nothing: thresholds of news stand in the rules.
"""

from __future__ import annotations

from edge.view.watcher import Sight, ViewWatcher

__all__ = ["Sight", "ViewWatcher"]
