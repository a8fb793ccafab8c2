"""A camera of our own: simulated traffic, rendered as a street camera sees it, with exact truth.

Reading order: ``command.py`` (what is asked), ``scene.py`` (the places), ``traffic.py`` (SUMO and
the scripted actors), ``film.py`` (frame after frame), ``truth.py`` (what is written beside).

Invariants:
    * World frame: metres, x east, y north, z up, the road is z = 0. A road user's own frame: x
      forward, y left, z up, origin on the road under its middle.
    * The same scene, weather, seed and length give the same traffic and the same truth.
    * Nothing of the box imports this package, and it needs the extra ``simulation``.
"""
