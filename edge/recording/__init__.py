"""Video on disk: what the cameras sent, for days, through kills and power cuts.

:mod:`tape` takes packets from a camera's thread without ever making it wait; :mod:`writer` puts
them into files on one thread for all cameras; :mod:`names` says from a file's name alone what is in
it; :mod:`shelf` knows which files there are; :mod:`reading` cuts a piece out of them; :mod:`video`
joins memory and disk for evidence; :mod:`guard` makes room.

Invariants:
    * Packets are kept as they came: nothing is re-encoded. Sound is never kept.
    * A live frame never waits for the disk; what the disk cannot take is counted and leaves a gap.
    * Files need no index: they are found and understood by their names.
"""
