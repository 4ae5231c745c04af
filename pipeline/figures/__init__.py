"""The content of papers, as values: computed from what the store holds, without I/O and without a clock.

`duty` gives a school's reporting status of a day; `county` counts one county's day and adds days up; `digest` makes of
them what a digest prints; `papers` are the school page and the missing list, `cards` the alert card; `words` and
`sentences` have the texts. `county.identities` says what must add up in all of them.
"""
