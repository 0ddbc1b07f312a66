"""People: the user of this site, signing in and up, and who one is."""
