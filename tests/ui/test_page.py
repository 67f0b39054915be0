"""The page as it is built, without a browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.utils import get_function_description, get_function_params

from gpunit.ui import i18n
from gpunit.ui.i18n import LABELS, NOTICES, text
from gpunit.ui.models import Models
from gpunit.ui.page import build_page
from gpunit.zoo.weights import ModelError
from tests.ui.conftest import SAVED

# Components that take a visitor's choice, and so owe a line on what they are in the paper.
CHOOSING = {"slider", "number", "dropdown", "checkboxgroup"}
HAN = re.compile("[\u4e00-\u9fff]")


UI = Path(i18n.__file__).parent


@pytest.fixture(scope="module")
def page() -> gr.Blocks:
    return build_page(Models("cpu"))


@pytest.fixture(scope="module")
def config(page: gr.Blocks) -> dict[str, Any]:
    return dict(page.get_config_file())


def test_no_two_events_that_wait_for_the_last_share_a_trigger(config: dict[str, Any]) -> None:
    # Gradio repeats everything bound to a trigger when one such event was missed: two would wake each other for ever.
    waiting = Counter(
        (target, event)
        for dependency in config["dependencies"]
        if dependency["trigger_mode"] == "always_last"
        for target, event in dependency["targets"]
        if event not in ("then", "success") and target is not None
    )
    assert {trigger: count for trigger, count in waiting.items() if count > 1} == {}


def test_the_first_versions_endpoints_are_there_with_their_parameters(page: gr.Blocks) -> None:
    offered = {
        name.removeprefix("/"): [parameter["parameter_name"] for parameter in endpoint["parameters"]]
        for name, endpoint in page.get_api_info()["named_endpoints"].items()
    }
    first = json.loads((SAVED / "endpoints.json").read_text())
    assert {name: offered.get(name) for name in first} == first


def test_every_parameter_of_every_public_endpoint_is_described(page: gr.Blocks) -> None:
    silent = []
    for function in page.fns.values():
        if function.api_visibility != "public" or function.fn is None:
            continue
        description, parameters, _ = get_function_description(function.fn)
        names = [name for name, *_ in get_function_params(function.fn)]
        # States are the page's own.
        asked = [name for name, component in zip(names, function.inputs, strict=False) if not component.skip_api]
        silent += [(function.api_name, name) for name in asked if not parameters[name]]
        silent += [] if description else [(function.api_name, "")]
    assert silent == []


def test_tabs_meet_in_the_page_alone() -> None:
    """No tab's folder imports another's; shared modules import none, but for the texts."""
    tabs = {"translate", "styles", "prior", "masks"}
    for path in UI.rglob("*.py"):
        own = path.relative_to(UI).parts[0]
        imported = set(re.findall(r"^\s*(?:from|import) gpunit\.ui\.(\w+)", path.read_text(), re.MULTILINE)) & tabs
        if own in ("page.py", "i18n.py"):
            continue
        assert imported <= {own}, path


def test_every_control_says_what_it_is(config: dict[str, Any]) -> None:
    # The axes' heading speaks for the twelve of them.
    silent = [
        component["props"].get("label")
        for component in config["components"]
        if component["type"] in CHOOSING
        and not component["props"].get("info")
        and not str(component["props"].get("elem_id")).startswith("styles-axis-")
    ]
    assert silent == []


def test_every_text_stands_in_one_place() -> None:
    for kind in ("LABELS", "NOTICES"):
        tables = [getattr(each, kind) for each in i18n._ALL]
        assert [key for key, count in Counter(key for table in tables for key in table).items() if count > 1] == []


def test_every_text_is_there_in_both_languages() -> None:
    for key, (english, chinese) in {**LABELS, **NOTICES}.items():
        assert english.strip(), key
        assert chinese.strip(), key
        assert not HAN.search(english), key
        if key not in ("render_time",) and re.search("[a-z]{3}", english):
            assert HAN.search(chinese), key
        assert re.findall(r"\{.*?\}", english) == re.findall(r"\{.*?\}", chinese), key
    for key, pair in LABELS.items():
        assert not any(set("{}<>") & set(each) for each in pair), f"{key}: ICU would read these"


def test_all_texts_are_used_and_all_that_are_used_are_there(config: dict[str, Any]) -> None:
    shown = set(re.findall(r"""['"]key['"]: ['"]([^'"]+)['"]""", str(config).replace("\\", "")))
    assert shown <= set(LABELS)
    late = {key for key in LABELS if key.startswith(("model_", "target_", "class_")) and key != "model_info"} | {
        "not_here"
    }
    assert set(LABELS) - shown - late == set()


def test_no_label_of_the_page_is_in_one_language_only(config: dict[str, Any]) -> None:
    untold = [
        (component["type"], name, value)
        for component in config["components"]
        for name in ("label", "info", "placeholder")
        if isinstance(value := component["props"].get(name), str)
        and re.search("[a-z]{3}", value)
        and "__i18n__" not in value
        and component["props"].get("visible") is not False
    ]
    assert untold == []


def test_an_unknown_text_is_refused() -> None:
    with pytest.raises(KeyError):
        text("no such text")


def test_notices_are_in_the_language_that_the_browser_asks_for() -> None:
    assert i18n.notice("style_number", number=3) == "style 3"
    asked: Any = SimpleNamespace(headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    token = gr.context.LocalContext.request.set(asked)
    try:
        assert i18n.notice("style_number", number=3) == "风格 3"
        assert i18n.listed(("dog", "bird", "car")) == "狗、鸟或汽车"
    finally:
        gr.context.LocalContext.request.reset(token)
    assert i18n.listed(("dog", "bird", "car")) == "a dog, a bird or a car"


def test_what_cannot_work_is_said_before_the_page_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="choose one of auto"):
        Models("gpu")
    with pytest.raises(ValueError, match="choose one of auto"):
        Models("cpu", "fp64")
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("GPUNIT_NO_DOWNLOADS", "1")
    with pytest.raises(ModelError, match="holds no translator"):
        build_page(Models("cpu"))


def test_the_page_leaves_no_files_among_the_code() -> None:
    """Gradio writes type stubs beside the source of components that are made in the usual way."""
    assert list(UI.parent.rglob("*.pyi")) == []
