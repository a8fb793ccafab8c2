"""Cameras in, frames and packets out.

A frame's way: :mod:`stream` reads packets from RTSP, a file or USB; :mod:`camera` keeps each packet
in its :mod:`ring` (for clips), decodes it and puts due frames into the :mod:`mailbox`, from which
the one pipeline thread takes the freshest frame of each camera in turn. :mod:`timeline` gives them
their times. :mod:`replay` does the same for a file, as fast as possible and without a loss.

Nothing here detects, judges or sends.
"""

from edge.camera.camera import Camera
from edge.camera.mailbox import FrameMailbox
from edge.camera.replay import read_file
from edge.camera.ring import PacketRing, Segment

__all__ = [
    "Camera",
    "FrameMailbox",
    "PacketRing",
    "Segment",
    "read_file",
]
