"""Indicators: what the nine components are measured by, their values, and how old those are.

Invariants:
    * A missing value is None and is shown as missing; nothing here ever turns it into 0.
    * A later value for the same indicator, area and period supersedes the earlier one, which stays.
    * Traffic figures are counted from our own incidents and telemetry; crashes, deaths and injuries
      are never counted, only taken over from the police.
"""
