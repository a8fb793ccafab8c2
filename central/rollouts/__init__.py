"""Bringing a model version to a box: upload, sign, assign; the box reports how it went.

``routes`` speak HTTP, ``service`` decides, ``repository`` holds the SQL, ``files`` the disk,
``signing`` the centre's key. What a box reports arrives through :mod:`central.ingest`.
"""
