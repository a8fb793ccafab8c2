"""Weights of our own: how they are trained, written out, measured and described.

Read in this order: ``classes`` (what is told apart), ``labels`` (pictures with boxes on disk),
``scenes`` and ``footage`` (where they come from), ``augment``, ``graph`` (an ONNX file as a torch
module and back), ``loss``, ``train``, ``export``, ``accuracy``, ``evaluate``, ``card``.

Invariants:
    * Nothing of the box or the centre imports this package; it reads the box's detector so that
      what is measured is what runs.
    * torch is imported by ``graph``, ``loss``, ``train`` and ``export`` only, inside the extra
      ``models``; reading data, measuring and the committed weights need none of it.
    * Evaluation sets are named in ``evaluate`` and nowhere else.
"""
