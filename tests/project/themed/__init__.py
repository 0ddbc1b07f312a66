"""A project whose admin has a theme, django-unfold; not among the `settings_*.py`, for which all tests are repeated."""
