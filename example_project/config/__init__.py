"""Settings, routes and entry points of the Invoice Desk."""
