"""The generative prior: BigGAN, the classes it knows, and the paired pictures drawn from it."""
