"""How letters go out: delivery only, no wording."""
