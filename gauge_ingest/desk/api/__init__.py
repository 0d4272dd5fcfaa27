"""The read-only HTTP API of the desk: what the commands' --json prints, paged, with ETags and an OpenAPI document."""
