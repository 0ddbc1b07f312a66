"""Coats for other frameworks. Nothing else in the app knows them, and each is imported by whoever uses it."""
