"""Pure values every room agrees on; they import nothing but errors."""
