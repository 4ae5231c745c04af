"""What papers, lists and exports say, read from the store for one reader."""
