"""Custody: is evidence what its box signed, what must not be deleted, and who deleted what."""
