"""Letters queued to be sent, and letters sent before."""
