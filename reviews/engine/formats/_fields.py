"""SQL for what several logs do with their fields: leave them empty, or write an address with its port."""


def first_filled(*names: str) -> str:
    """The first of the fields that holds anything; NULL when all are missing or empty."""
    filled = [f"nullif(\"{name}\", '')" for name in names]
    return filled[0] if len(filled) == 1 else f"coalesce({', '.join(filled)})"


def without_port(name: str) -> str:
    """An address that may be followed by a port: 192.0.2.1:443, [2001:db8::1]:443 (RFC 3986, 3.2.2)."""
    return (
        f"CASE WHEN starts_with(\"{name}\", '[') THEN regexp_extract(\"{name}\", '^\\[([^\\]]*)\\]', 1) "
        f'WHEN regexp_matches("{name}", \'^[^:]+:\\d{{1,5}}$\') THEN split_part("{name}", \':\', 1) ELSE "{name}" END'
    )
