"""Acting as somebody else: the pages to begin, to see how long it lasts, to go further and to stop."""
