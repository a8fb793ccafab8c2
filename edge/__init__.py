"""The box beside the cameras: frames in, incidents out.

Invariant: nothing here imports :mod:`central`; the centre knows this package only through
:mod:`edge.contract`.
"""

__version__ = "0.1.0"
