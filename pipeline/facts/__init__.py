"""The content of papers, lists and exports, read from the store for one reader."""
