"""The demonstration: a centre and a box on this machine, real clips as cameras, real messages.

Nothing is simulated but where the cameras hang: the same two programs that run in production are
started as processes, and everything is done through their public interfaces.
"""
