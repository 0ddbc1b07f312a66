"""The JSON API, in plain Django views."""
