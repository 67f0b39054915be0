"""GP-UNIT: unsupervised image-to-image translation with a generative prior.

    from gpunit import zoo
    translator = zoo.load("to-cat")

The engine is `gpunit.engine`, the networks are in `gpunit.networks`, training is in `gpunit.training`; docs/api.md
lists the public names.
"""

__version__ = "0.1.0"
