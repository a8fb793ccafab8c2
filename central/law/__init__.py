"""Law as dated tables: which article, who may sanction, until when.

Invariants:
    * Nothing of the law stands in code: the tables are ``configs/law/*.yaml``, checked at start.
    * What applies to an act is looked up by the local date of its capture (``Asia/Ho_Chi_Minh``).
    * Two entries for the same thing are never in force on the same day.

This package knows no database, no HTTP and no person.
"""
