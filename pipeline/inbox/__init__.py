"""How submissions come in and are kept."""
