"""Everything a person may write for a box: the box file and one file per camera."""
