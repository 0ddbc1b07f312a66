"""Customers and invoices: their pages and their JSON API."""
