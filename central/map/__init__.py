"""The map's own data: bounds, outlines from the assets folder, coarse main roads.

Nothing here needs the network; a tile source is optional and configured.
"""
