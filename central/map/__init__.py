"""The map: bounds, outlines from the assets folder, coarse main roads, and incidents as points.

Nothing here needs the network; a tile source is optional and configured.
"""
