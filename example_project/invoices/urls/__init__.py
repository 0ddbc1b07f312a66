"""The addresses of invoices, one module for each URL namespace."""
