"""What the papers say, as values: counted from what the store holds, without I/O and without a clock.

`duty` tells what became of a school's duty to report on a day; `county` counts one county's day and
adds days up; `digest` makes of them what a digest prints; `papers` are the school page, the alert
card and the missing list; `words` has the sentences. `county.identities` says what
must add up in all of them.
"""
