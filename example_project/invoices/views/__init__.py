"""The pages of invoices, one module for each area of the site."""
