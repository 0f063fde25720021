"""Tables, figures, claims: everything a reader sees, from measured rows alone."""
