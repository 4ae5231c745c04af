"""What is queued to be sent, and what was sent before."""
