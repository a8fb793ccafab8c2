"""From a frame to :class:`edge.scene.Detections`: road users in source pixels.

Read in this order: ``protocol`` (what a detector is), ``onnx`` (the real one: manifest → weights →
one shared ONNX Runtime session), one family (``deim``, ``yolox``, ``yolo``: pictures in, candidate
boxes out), ``select`` (candidates → road users: classes, overlaps, riders), ``classes``.
``mot_file`` stands in for a model when boxes come from a file.

Class names seen by the rest of the box: ``person``, ``bicycle``, ``motorbike``, ``car``, ``bus``,
``truck``. A person on a two-wheeler is part of it, so ``person`` means somebody on foot as far as
one frame can tell; see :mod:`edge.detector.select` for what can still go wrong.
"""
