"""The officer in the field: what concerns them now, and what their phone reports.

A phone is often without a network and sends later, in order, each report under a key of its own; so
every change here may come twice and counts once.
"""
