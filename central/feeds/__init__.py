"""Feeds: how other systems' figures come in, by signed webhook or by an uploaded table.

Invariants:
    * Every row is judged alone: good rows land, bad rows are listed with what is allowed.
    * Every delivery is recorded: from which feed, when, by whom, how many rows of each kind.
    * Sending the same again changes nothing.
"""
