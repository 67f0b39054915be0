"""Visitors who come, use every tab, and go, for as long as the app runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradio_client import handle_file

from tests.conftest import blobs
from tests.load.visitors import PLACE, Visitor, style, urls_in


class Wanderer(Visitor):
    """A visitor of all tabs, who after each round leaves and comes anew."""

    def acts(self) -> Sequence[Callable[[], None]]:
        """What is done in turn."""
        return (
            *(self.come, self.open_page, self.translate, self.send_no_picture, self.take_a_style),
            *(self.make_an_animation, self.translate, self.look_at_masks, self.draw_the_prior),
        )

    def take_a_style(self) -> None:
        """Send a large picture, and translate it in the style of another one."""
        exemplar = {"guidance": "Style of a picture", "exemplar_path": self._sent("exemplar.png", 128)}
        drawing = {**style(self._model(), 1, 1), **exemplar}
        self._fetch_all(self.ask("/translate", path=self._sent("large.jpg", 1600), **PLACE, **drawing))

    def make_an_animation(self) -> None:
        """Have an animation of a picture between two styles made."""
        kind = self._rng.choice(("GIF", "MP4"))
        sent = {"path": self._sent("mine.png", 96), **PLACE, "model_name": self._model()}
        self._fetch_all(self.ask("/animate_styles", **sent, kind=kind, frames=self._rng.randint(4, 12)))

    def look_at_masks(self) -> None:
        """Have the masks of a picture drawn and exported."""
        sent = {"model_name": self._model(), "path": self._sent("mine.png", 96), **PLACE}
        self._fetch_all(self.ask("/mask_channels", **sent, layer=16, colormap="magma"))
        self._fetch_all(self.ask("/masks_export", **sent, colormap="magma"))

    def draw_the_prior(self) -> None:
        """Have pictures of the prior drawn."""
        seed = self._rng.randrange(10_000)
        asked = {"prior_name": "prior-small", "classes": ["cat", "dog"], "truncation": 0.6, "seed": seed}
        self._fetch_all(self.ask("/walk_prior", **asked, start=1, end=2, place=0.5))

    def _model(self) -> str:
        return self._rng.choice(list(self._translators))

    def _sent(self, name: str, side: int) -> Any:
        """A picture of one's own, to be uploaded."""
        path = Path(self._folder.name) / name
        blobs(1000 * self.number + self._rng.randrange(1000), side, side).save(path)
        return handle_file(path)

    def _fetch_all(self, answer: Any) -> None:
        for url in urls_in(answer):
            self.fetch(url)
