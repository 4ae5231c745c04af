"""Mail in the store: mails that came and what became of them, and whose mailbox is whose."""
