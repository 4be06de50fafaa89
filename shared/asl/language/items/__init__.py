"""From the bytes of an object to items, piece by piece, each with the place after it."""
