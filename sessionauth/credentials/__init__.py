"""What is done with keys and tokens: issued, rotated, refreshed, revoked, looked up without the database."""
