from __future__ import annotations

from gpunit.training.tasks import PAPER_TASKS
from gpunit.zoo import CONTENT_ENCODER, DRIVE_IDS


def test_every_published_model_has_its_recipe() -> None:
    assert set(PAPER_TASKS) == set(DRIVE_IDS) - {CONTENT_ENCODER}
    published = {name for name, task in PAPER_TASKS.items() if not task.inferred}
    assert published == {"male2female", "cat2dog", "cat2face", "bird2car"}


def test_switches_of_the_published_recipes() -> None:
    """REFERENCE: style layer, oversampling, reconstruction with skips, mirrored style, identity loss."""
    expected = {
        "male2female": (5, True, True, False, 0.0),
        "cat2dog": (4, True, False, True, 0.0),
        "cat2face": (5, True, False, False, 1.0),
        "bird2car": (4, False, False, True, 0.0),
    }
    for name, switches in expected.items():
        recipe = PAPER_TASKS[name].recipe
        assert switches == (
            recipe.discriminator.style_layer,
            recipe.oversample_rare,
            recipe.reconstruct_with_skips,
            recipe.mirror_style,
            recipe.weights.identity,
        )
        weights = recipe.weights
        assert (weights.content, weights.style, weights.mask, weights.reconstruction) == (1, 50, 1, 1)
