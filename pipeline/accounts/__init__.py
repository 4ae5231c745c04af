"""Who may log in: accounts, the filings that ask for them, and the parts of a filing that are kept."""
