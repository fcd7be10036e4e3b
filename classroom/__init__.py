"""A demo class: small recipes that turn release/ into submissions."""
