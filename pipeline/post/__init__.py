"""Mail in the store: mails that came and what became of them, mails that go out."""
