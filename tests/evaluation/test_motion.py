from __future__ import annotations

import torch

from gpunit.engine.translator import Translator
from gpunit.evaluation.motion import RENDERED, TRANSFORMS, measure_motion, moved
from tests.evaluation.test_metrics import pictures


def test_transforms_move_pictures_as_they_are_called() -> None:
    shown = pictures(2)
    assert torch.allclose(moved(shown, TRANSFORMS["flip"]), shown.flip(3), atol=1e-5)
    shifted = moved(shown, TRANSFORMS["shift"])
    assert torch.allclose(shifted[..., :56], shown[..., 8:], atol=1e-5)
    assert torch.allclose(shifted[..., 56:], shown[..., 56:].flip(3), atol=1e-5), "mirrored at the border"
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    assert torch.allclose(moved(ramp, TRANSFORMS["zoom"])[..., 1:-1], 0.8 * ramp[..., 1:-1], atol=1e-2)


def test_a_translator_that_copies_follows_and_one_that_ignores_the_source_does_not(tiny: Translator) -> None:
    sources, styles = pictures(4), torch.zeros(4, 8)
    said: list[int] = []

    class Copies(Translator):
        """Renders its content picture."""

        def __init__(self) -> None:
            self.__dict__.update(tiny.__dict__)
            self.shown: dict[int, torch.Tensor] = {}

        def plan(self, picture):  # type: ignore[no-untyped-def]
            plan = tiny.plan(picture)
            self.shown[id(plan.content)] = torch.cat([self._to_batch(picture)])
            self.kept = [*getattr(self, "kept", []), plan]
            return plan

        def render_tensor(self, plan, styles, mask_scale=None, use_skips=True):  # type: ignore[no-untyped-def]
            return self.shown[id(plan.content)]

    copies = measure_motion(Copies(), sources, [0, 2], styles, sources, said.append)
    assert said == [RENDERED, RENDERED]
    assert all(value < 0.15 for value in copies.follows.values()), copies.follows
    assert copies.skips.gate_swap < 0.05  # the content picture alone decides; files have 256 levels

    class Deaf(Copies):
        """Renders every picture upright."""

        def render_tensor(self, plan, styles, mask_scale=None, use_skips=True):  # type: ignore[no-untyped-def]
            return sources[:1]

    deaf = measure_motion(Deaf(), sources, [0, 2], styles, sources[:1].expand(4, -1, -1, -1))
    assert all(abs(value - 1) < 1e-5 for value in deaf.follows.values())
    assert set(copies.as_dict()) == {
        *(f"follows_{name}" for name in TRANSFORMS),
        "open_16",
        "open_32",
        "zeros",
        "gate_swap",
    }
