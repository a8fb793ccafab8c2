"""READ FIRST: what the centre bears: a province of boxes, a room of viewers, a phone.

``scripts/bench central`` runs it. It stands among the measures because it is built of the tests'
parts, a real Mosquitto, a real PostgreSQL and the centre as a process, which ``scripts`` must not
know.

    * :mod:`mqtt`: the few packets of MQTT 3.1.1 that a box needs, cheap enough for a thousand boxes
      in one process;
    * :mod:`boxes` and :mod:`viewers`: the two crowds, on one selector in a process of their own
      (:mod:`crowd`), so that they share no interpreter with the centre;
    * :mod:`site`: broker, database and centre, and what they use of the machine;
    * :mod:`ingest`, :mod:`screen`, :mod:`phone`: one measure each; :mod:`bare`: the same rows
      without us;
    * :mod:`spread`: percentiles and rates.

Only the outside of the centre is looked at: its MQTT, its HTTP, its numbers and its tables.
"""
