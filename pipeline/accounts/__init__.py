"""Who may log in: accounts, the filings that ask for them, and what of a filing is kept."""
