"""Tools that `make` runs for the repo itself: guards, guides, set-up."""
