"""Keys and tokens as resources of JSON, for programs and for the pages of single-page applications."""
