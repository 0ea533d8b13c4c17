"""One import in order: find files, know them again, read what is new, seal it, store its events; and rebuild."""
