"""train-prior, choose, distill, train, train-recipes, fit-sampler: the stages of training, a file each.

`gpunit.training` is imported inside the commands, as everything else starts without it.
"""

from gpunit.commands.training.choice import choose
from gpunit.commands.training.prior import train_prior
from gpunit.commands.training.recipes import train_recipes
from gpunit.commands.training.sampler import fit_sampler
from gpunit.commands.training.stage1 import distill
from gpunit.commands.training.stage2 import train

__all__ = ["choose", "distill", "fit_sampler", "train", "train_prior", "train_recipes"]
