"""What every form needs to settle: the turn of a submission, what it is judged by, what it writes."""
