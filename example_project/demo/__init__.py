"""The demo: people, keys and curl lines to try the Invoice Desk with."""
