"""Areas: the province and its 130 communes and wards, with the names they had before July 2025.

Invariants:
    * The list is the file ``nghe_an_areas.csv``; the database table is a copy of it.
    * There is no district level: every commune and ward stands directly below the province.

This package knows nothing of indicators, cameras or polygons.
"""
