"""A clip in one style, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from gpunit import images
from gpunit.engine.clips import translate_frames
from gpunit.engine.translator import Translator
from gpunit.images import Crop
from tests.conftest import blobs

CROP = Crop(1.5, 0.2, 0.7)


def noisy(frames: int) -> list[Image.Image]:
    """A picture that stands still before a camera."""
    rng, still = np.random.default_rng(0), np.asarray(blobs(1), dtype=float)
    return [
        Image.fromarray((still + rng.normal(0, 6, still.shape)).clip(0, 255).astype(np.uint8)) for _ in range(frames)
    ]


def flicker(pictures: list[Image.Image]) -> float:
    shown = np.stack([np.asarray(picture, dtype=float) for picture in pictures])
    return float(np.abs(np.diff(shown, axis=0)).mean())


def test_every_frame_is_translated_in_the_same_style(tiny: Translator) -> None:
    frames = [blobs(seed, 96, 64) for seed in (1, 2, 1)]
    style = tiny.sample(1, 3)
    for smoothing in (0.0, 0.5):  # nothing stands still here
        results = list(translate_frames(tiny, frames, style, CROP, smoothing))
        for frame, result in zip(frames, results, strict=True):
            plan = tiny.plan(images.cut(frame, tiny.resolution, CROP))
            np.testing.assert_array_equal(result, tiny.render(plan, style)[0])


def test_what_stands_still_flickers_less(small: Translator) -> None:
    frames, style = noisy(8), small.sample(1, 3)
    plain, smoothed = (list(translate_frames(small, frames, style, smoothing=share)) for share in (0.0, 0.5))
    assert flicker(smoothed[1:]) < 0.9 * flicker(plain[1:])
    np.testing.assert_array_equal(plain[0], smoothed[0])


def test_frames_are_asked_for_one_at_a_time(tiny: Translator) -> None:
    taken: list[int] = []

    def frames() -> Iterator[Image.Image]:
        for number in range(100):
            taken.append(number)
            yield blobs(number)

    results = translate_frames(tiny, frames(), tiny.mean_style())
    next(results)
    next(results)
    assert taken == [0, 1]


def test_frames_do_not_push_out_the_plans_of_pictures(tiny: Translator) -> None:
    plan = tiny.plan(blobs(1))
    list(translate_frames(tiny, (blobs(seed) for seed in range(2, 40)), tiny.mean_style()))
    assert tiny.plan(blobs(1)) is plan
