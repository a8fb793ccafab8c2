"""Alerts: who is told of an incident, how, and who is told next when nobody answers.

``incident stored → decided → alert and deliveries stored → sent → acknowledged or escalated``.
Read ``policy.py`` first, then ``watch.py`` (decide) and ``dispatch.py`` (send).
"""
