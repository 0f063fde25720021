"""Methods that lay a mask picture over the face: only its place is found or learnt."""
