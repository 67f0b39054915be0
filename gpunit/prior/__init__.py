"""The generative prior: BigGAN, pictures that share a layout, and what its features say of them."""
