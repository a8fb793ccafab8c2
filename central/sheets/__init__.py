"""A printed sheet about one incident: a PDF in the layout of Vietnamese administrative documents.

READ FIRST: ``content`` says what stands on it (pure), ``words.yaml`` in which words,
``incident.typ`` where; ``press`` turns that into a PDF; ``service`` reads the incident and keeps
the record of who printed it, and why.

Invariants:
    * What people typed reaches Typst as strings of one JSON file, never as source: it cannot be
      code, and it can read nothing.
    * A sheet shows no more than the page of the incident does to whoever prints it.
    * A suspected violation is called one until it is approved.
    * No sheet is given out before its line stands in the audit log.
"""
