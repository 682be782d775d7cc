"""A plain directory as a library, for those without an *arr."""
