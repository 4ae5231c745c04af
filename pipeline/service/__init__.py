"""What runs for months: the watcher, and the check of a machine and a site."""
