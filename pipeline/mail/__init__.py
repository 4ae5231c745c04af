"""Mail servers and the mails themselves: what is fetched, read, composed and sent. Nothing here knows the store."""
