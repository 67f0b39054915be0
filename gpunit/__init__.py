"""GP-UNIT: unsupervised image-to-image translation with a generative prior.

    from gpunit import zoo
    translator = zoo.load("to-cat")

The engine is `gpunit.engine`, the networks are in `gpunit.networks`, training is in `gpunit.training`; the public names are
listed in docs/api.md.
"""

__version__ = "0.1.0"
