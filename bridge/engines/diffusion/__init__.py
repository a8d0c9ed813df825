"""The diffusion engine: prompted fills and refinements with the artist's own weights, in a loop of our own."""
