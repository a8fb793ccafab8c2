"""Shift handovers: what is open when a shift ends, the note, and who took it over.

``open items → note → handed over (only added to) → shown to the next person → accepted``.
"""
