"""Impersonation: a person acts as another, and stays who they are."""
