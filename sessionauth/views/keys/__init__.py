"""The page on which people see, issue, rename, rotate and revoke their own keys and tokens."""
