"""The maps that can stand under a grid's pictures: content, shape, instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from gpunit import images
from gpunit.ui.models import Models
from gpunit.ui.prior import pictures

if TYPE_CHECKING:
    from torch import Tensor

    from gpunit.prior.biggan import Prior
    from gpunit.prior.classes import Column

NOTHING, CONTENT, SHAPE, INSTANCE = "Nothing", "Content map E_c(x)", "Shape F_s(E_c(x))", "Instance map x_s"


def lines_of(below: str) -> int:
    """How many lines of the sheet one row takes."""
    return 1 if below == NOTHING else 2


def maps_of(models: Models, prior: Prior, rendered: Tensor, labels: Sequence[Column], kind: str) -> list[Image.Image]:
    """The map of that kind for pictures (N, 3, S, S) in [-1, 1] of the prior's classes `labels`."""
    if kind not in (CONTENT, SHAPE, INSTANCE):
        raise gr.Error(f"There is no map {kind!r}; choose from {NOTHING}, {CONTENT}, {SHAPE}, {INSTANCE}.")
    from gpunit.prior.classes import main_class

    shapes = models.shapes()
    if kind == INSTANCE:
        return images.to_pictures(shapes.instances(rendered).expand(-1, 3, -1, -1))
    contents = shapes.contents(rendered)
    if kind == CONTENT:
        return pictures.coloured(contents)
    # F_s is asked for the class that has the largest share in a mixture's last layer.
    names = [prior.class_names[main_class(label, len(prior.class_names), len(prior.layers))] for label in labels]
    unknown = next((name for name in names if name not in shapes.class_names), None)
    if unknown is not None:
        known = ", ".join(shapes.class_names)
        raise gr.Error(f"F_s knows {known}, not {unknown}; leave that class out, or choose another map.")
    return images.to_pictures(shapes.predicted(contents, [shapes.class_names.index(name) for name in names]))
