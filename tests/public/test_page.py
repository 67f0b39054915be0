"""What the page's endpoints are sent, by programs that do not keep to the page's sliders."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.context import LocalContext
from gradio.state_holder import SessionState
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunit.images import MAX_BYTES
from gpunit.ui.components import PictureInput
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.models import Models
from gpunit.ui.page import build_page
from gpunit.ui.server.checks import NOT_UPLOADED, CheckedBlocks, check_value
from tests.conftest import blobs
from tests.public.conftest import App
from tests.public.corpus import Case, corpus, encoded
from tests.public.test_corpus import is_sentence, judge

GARBAGE: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    -1,
    1e308,
    2**80,
    True,
    None,
    "",
    "no such thing",
    "../../etc/passwd",
    "猫" * 300,
    [],
    [math.nan],
    [[[[[[[[[[[[]]]]]]]]]]]],
    {},
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "http://127.0.0.1:9/a.png", "meta": {"_type": "gradio.FileData"}},
    {"path": {"path": 1}},
    ["cat"] * 300,
    [[0, 0]],
    [[math.inf, "x", None]],
)


def ask(app: App, action: str, data: list[Any]) -> tuple[bool, Any]:
    """Whether an action went well, and what it answered; sent as bare JSON, NaN and all."""
    body = json.dumps({"data": data})
    joined = httpx.post(
        f"{app.address}/gradio_api/call/{action}",
        content=body,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    if joined.status_code != 200:
        return False, {"error": joined.json()["detail"]}
    answer = httpx.get(f"{app.address}/gradio_api/call/{action}/{joined.json()['event_id']}", timeout=10)
    lines = [line for line in answer.text.splitlines() if line]
    kind, said = lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")
    return kind == "complete", json.loads(said)


@pytest.fixture(scope="module")
def picture(client: Client, tmp_path_factory: pytest.TempPathFactory, app: App) -> dict[str, Any]:
    """An uploaded picture, as endpoints take it."""
    path = tmp_path_factory.mktemp("upload") / "picture.png"
    blobs(1, 90, 70).save(path)
    with path.open("rb") as file:
        (stored,) = httpx.post(f"{app.address}/gradio_api/upload", files={"files": file}).json()
    return {"path": stored, "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def page() -> CheckedBlocks:
    return build_page(Models("cpu"))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of somebody's that was never uploaded."""
    path = tmp_path_factory.mktemp("outside") / "private.png"
    blobs(3, 64, 64).save(path)
    return path


@pytest.mark.parametrize("mark", [{}, {"meta": {"_type": "gradio.FileData"}}, {"meta": None}, {"url": "/file=a"}])
@pytest.mark.parametrize(("action", "more"), [("preview", [1, 0.5, 0.5]), ("domain_likeness", [1, 0.5, 0.5])])
def test_a_file_that_was_not_uploaded_is_not_read(
    app: App, outside: Path, action: str, more: list[Any], mark: dict[str, Any]
) -> None:
    said = set()
    for path in (outside, outside.with_name("nowhere.png"), Path("/etc/passwd"), outside.parent):
        well, answer = ask(app, action, [{"path": str(path), **mark}, *more])
        assert not well
        said.add(answer["error"])
    assert said == {NOT_UPLOADED}  # which does not tell what is there
    well, _ = ask(app, action, [str(outside), *more])
    assert not well


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "a\0.png"], ids=["long", "null"])
def test_an_impossible_name_among_the_uploads_is_refused(app: App, picture: dict[str, Any], name: str) -> None:
    path = Path(picture["path"]).parent / name
    well, answer = ask(app, "preview", [{"path": str(path)}, 1, 0.5, 0.5])
    assert (well, answer["error"]) == (False, NOT_UPLOADED)


def test_a_link_among_the_uploads_leads_nowhere(app: App, outside: Path, picture: dict[str, Any]) -> None:
    link = Path(picture["path"]).with_name("link.png")
    link.symlink_to(outside)
    try:
        well, answer = ask(app, "preview", [{"path": str(link)}, 1, 0.5, 0.5])
        assert (well, answer["error"]) == (False, NOT_UPLOADED)
    finally:
        link.unlink()
    assert ask(app, "preview", [picture, 1, 0.5, 0.5])[0]


@pytest.mark.parametrize(("kind", "is_read"), [("PNG", True), ("TGA", False), ("EPS", False)])
def test_a_webcams_picture_is_read_like_an_upload(app: App, kind: str, is_read: bool) -> None:
    url = f"data:image/png;base64,{base64.b64encode(encoded(blobs(4, 64, 48), kind)).decode()}"
    well, answer = ask(app, "preview", [{"path": None, "url": url}, 1, 0.5, 0.5])
    assert well == is_read
    if not is_read:
        assert "not a picture" in answer["error"] or "PostScript" in answer["error"]


def test_an_opened_page_reads_pictures_as_its_own_inputs_do(page: CheckedBlocks) -> None:
    """Events that leave a component as it is make a new one of its class in the visitor's session."""
    session = SessionState(page)
    (opening,) = [each for each in page.fns.values() if each.name == "open_link"]
    (preview,) = [each for each in page.fns.values() if each.api_name == "preview"]
    url = f"data:image/png;base64,{base64.b64encode(encoded(blobs(5, 64, 48), 'TGA')).decode()}"
    open_page, show_preview = opening.fn, preview.fn
    assert open_page is not None
    assert show_preview is not None

    async def sent() -> list[Any]:
        await page.postprocess_data(opening, list(open_page("")), session)
        LocalContext.blocks.set(page)
        return await page.preprocess_data(preview, [{"path": None, "url": url}, 1, 0.5, 0.5], session)

    with ThreadPoolExecutor(1) as pool:  # a browser of other tests may have an event loop in this thread
        path, *_ = pool.submit(asyncio.run, sent()).result()
    assert Path(path).is_relative_to(Path(get_upload_folder()).resolve())  # which is swept
    with pytest.raises(gr.Error, match="not a picture"):
        show_preview(path, 1, 0.5, 0.5)


def test_components_that_open_pictures_themselves_get_none_that_are_not_read(
    page: CheckedBlocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = (gr.Image, gr.ImageSlider, gr.Gallery)
    inputs = {component for function in page.fns.values() for component in function.inputs}
    kinds = {type(component) for component in inputs if isinstance(component, opening)} - {PictureInput}
    assert kinds == {gr.Image, gr.ImageSlider, gr.Gallery}
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name, content, is_read in (
        ("a.png", encoded(blobs(6), "PNG"), True),
        ("b.png", encoded(blobs(6), "EPS"), False),
        ("c.png", encoded(blobs(6), "ICO"), False),
    ):
        (tmp_path / name).write_bytes(content)
        for component, value in (
            (gr.Gallery(), [{"image": {"path": str(tmp_path / name)}, "caption": None}]),
            (gr.ImageSlider(), [{"path": str(tmp_path / name)}, None]),
            (gr.Image(), {"path": str(tmp_path / name)}),
        ):
            if is_read:
                check_value(component, value)
            else:
                with pytest.raises(gr.Error, match=name):
                    check_value(component, value)
    with pytest.raises(gr.Error, match="upload the picture"):
        check_value(gr.Image(), {"url": "data:image/png;base64,AAAA"})


def test_what_the_page_shows_is_served(app: App) -> None:
    """Every first picture, from the folder that is this app's own; the examples' thumbnails are part of the page."""
    config = httpx.get(f"{app.address}/config").text
    paths = set(re.findall(r'"path":\s*"([^"]+\.jpg)"', config))
    assert len(paths) >= 2  # the one picture of all tabs, and an exemplar
    assert {path.stem for path in EXAMPLES} <= set(re.findall(r"--pic-([\w-]+):", httpx.get(app.address).text))
    for path in paths:
        assert Path(path).is_relative_to(app.temporary)
        assert httpx.get(f"{app.address}/gradio_api/file={path}").status_code == 200


def test_files_are_translated_or_refused(client: Client, tmp_path: Path) -> None:
    # Gradio's client itself refuses what is too large to upload.
    cases = [case for case in corpus() if len(case.content) < MAX_BYTES]
    kinds = [[case for case in cases if case.accepted is kind] for kind in (True, False, None)]
    chosen = [case for some in kinds for case in some[::4]]
    assert len(chosen) >= 50
    for number, case in enumerate(chosen):
        refusal = send(client, case, tmp_path / str(number), translate=number % 8 == 0)
        judge(case, refusal)


def send(client: Client, case: Case, folder: Path, translate: bool) -> str | None:
    """None if the page translated a file, or showed what the network sees of it; otherwise the refusal."""
    folder.mkdir()
    path = folder / case.name
    path.write_bytes(case.content)
    place: dict[str, Any] = {"zoom": 1, "across": 0.5, "down": 0.5}
    try:
        if translate:
            results, *_ = client.submit(
                path=handle_file(path),
                model_name="to-cat",
                **place,
                guidance="Drawn styles",
                count=1,
                seed=1,
                temperature=1,
                exemplar_path=None,
                api_name="/translate",
            ).result(timeout=60)
            assert len(results) == 1
        else:
            shown = client.submit(path=handle_file(path), **place, api_name="/preview").result(timeout=60)
            assert Path(shown).is_file()
    except AppError as error:
        return str(error)
    return None


def mutations(page: CheckedBlocks, picture: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Calls of every endpoint with one of its inputs replaced by something that does not belong there."""
    rng = random.Random(0)
    for function in page.fns.values():
        if function.api_visibility != "public" or not isinstance(function.api_name, str):
            continue
        if function.api_name == "download_model":
            continue
        inputs = [component for component in function.inputs if not component.skip_api]
        values = [picture if isinstance(c, gr.Image) else getattr(c, "value", None) for c in inputs]
        for place in range(len(inputs)):
            for wrong in rng.sample(GARBAGE, 3):
                yield function.api_name, [*values[:place], wrong, *values[place + 1 :]]


def test_wrong_values_are_refused_in_a_sentence(app: App, page: CheckedBlocks, picture: dict[str, Any]) -> None:
    calls = list(mutations(page, picture))
    chosen = random.Random(1).sample(calls, 60)
    assert len({name for name, _ in chosen}) >= 12
    refused = 0
    for action, data in chosen:
        well, answer = ask(app, action, data)
        if not well:
            refused += 1
            assert is_sentence(str(answer["error"])), f"{action} {data}: {answer}"
    assert refused >= 40
    assert "Traceback" not in app.log.read_text()


@settings(max_examples=15, deadline=None)
@given(
    zoom=st.one_of(st.floats(1, 4), st.floats(), st.integers()),
    across=st.one_of(st.floats(0, 1), st.floats(), st.booleans()),
    down=st.one_of(st.floats(0, 1), st.none(), st.text(max_size=3)),
)
def test_a_preview_takes_exactly_what_is_in_range(
    app: App, picture: dict[str, Any], zoom: Any, across: Any, down: Any
) -> None:
    in_range = [
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        for value, low, high in ((zoom, 1, 4), (across, 0, 1), (down, 0, 1))
    ]
    well, answer = ask(app, "preview", [picture, zoom, across, down])
    assert well == all(in_range), answer
    assert well or is_sentence(answer["error"])


@given(value=st.one_of(st.floats(), st.integers(), st.booleans(), st.text(), st.none()))
def test_every_slider_takes_exactly_the_numbers_in_its_range(page: CheckedBlocks, value: Any) -> None:
    sliders = [block for block in page.blocks.values() if isinstance(block, gr.Slider)]
    assert len(sliders) > 20
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    for slider in sliders:
        if is_number and slider.minimum <= value <= slider.maximum:
            check_value(slider, value)
            continue
        with pytest.raises(gr.Error) as refused:
            check_value(slider, value)
        assert is_sentence(refused.value.message)
        assert not refused.value.print_exception


@given(name=st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text())))
def test_unknown_names_are_refused(page: CheckedBlocks, name: Any) -> None:
    choosers = [block for block in page.blocks.values() if isinstance(block, gr.Dropdown | gr.Radio)]
    for chooser in choosers:
        if name in [choice for _, choice in chooser.choices] or name in (None, []):
            continue
        with pytest.raises(gr.Error) as refused:
            check_value(chooser, name)
        assert is_sentence(refused.value.message)


def test_a_failing_action_is_a_sentence_and_the_next_one_works(app: App, picture: dict[str, Any]) -> None:
    """A picture that is gone by the time that it is read."""
    well, answer = ask(app, "preview", [{**picture, "path": picture["path"] + "x"}, 1, 0.5, 0.5])
    assert not well
    assert "upload the picture again" in answer["error"]
    well, _ = ask(app, "preview", [picture, 1, 0.5, 0.5])
    assert well


def test_an_unexpected_failure_tells_no_internals(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("secret path /srv/keys")

    with CheckedBlocks(analytics_enabled=False) as blocks:
        gr.Button().click(fail, api_name="fail")
    blocks.queue().launch(prevent_thread_lock=True, quiet=True)
    try:
        with pytest.raises(AppError) as refused:
            Client(blocks.local_url, verbose=False).predict(api_name="/fail")
    finally:
        blocks.close(verbose=False)
    assert is_sentence(str(refused.value))
    assert "secret" not in str(refused.value)
    assert "secret path" in caplog.text  # for who runs the page


def test_refusals_name_a_control_as_the_page_does(page: CheckedBlocks) -> None:
    model = next(block for block in page.blocks.values() if getattr(block, "elem_id", None) == "model")
    with pytest.raises(gr.Error, match="Model does not offer 'cake'"):
        check_value(model, "cake")
    axis = next(block for block in page.blocks.values() if getattr(block, "elem_id", None) == "styles-axis-1")
    with pytest.raises(gr.Error, match="Axis 1 is out of range"):
        check_value(axis, 1e6)


@pytest.mark.parametrize("dabs", [[[0.1] * 3000], [[0.5, 0.5]], [[]], [0.5, 0.5, 0.1], [{"x": 1}], [[0.1, 0.1, "a"]]])
def test_dabs_are_three_numbers_each(app: App, page: CheckedBlocks, picture: dict[str, Any], dabs: list[Any]) -> None:
    (render,) = [each for each in page.fns.values() if each.api_name == "render_with_strengths"]
    inputs = [component for component in render.inputs if not component.skip_api]
    values = [picture if isinstance(c, gr.Image) else getattr(c, "value", None) for c in inputs]
    (place,) = [index for index, component in enumerate(inputs) if isinstance(component, gr.JSON)]
    well, answer = ask(app, "render_with_strengths", [*values[:place], dabs, *values[place + 1 :]])
    assert not well
    assert "radius" in answer["error"]
    assert ask(app, "render_with_strengths", [*values[:place], [[0.5, 0.5, 0.1]], *values[place + 1 :]])[0]


def test_what_is_larger_than_any_control_is_refused() -> None:
    with pytest.raises(gr.Error, match="cannot be read"):
        check_value(gr.JSON(label="Dabs"), [[0.5, 0.5, 0.1]] * 5000)
