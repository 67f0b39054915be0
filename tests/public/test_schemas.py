"""Every endpoint is sent what its own schema describes, and what it does not: an answer or a sentence comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import blobs
from tests.public.conftest import App
from tests.public.test_corpus import is_sentence

# What starts a download, which a machine offline would only wait for.
LEFT_OUT = ("/download_model", "/find_on_hub", "/download_from_hub")
SECONDS = 120

Schema = dict[str, Any]


class Api:
    """A running app's endpoints, as it describes them itself.

    Args:
        app: the app.
        files: an uploaded picture, and an uploaded text file.
    """

    def __init__(self, app: App, files: tuple[Any, Any]) -> None:
        self.app = app
        self.files = files
        described = httpx.get(f"{app.address}/gradio_api/info", timeout=SECONDS).json()["named_endpoints"]
        self.endpoints: dict[str, list[Schema]] = {
            name: each["parameters"] for name, each in described.items() if name not in LEFT_OUT
        }

    def defaults(self, name: str) -> list[Any]:
        """Values that an endpoint takes."""
        return [self._default(parameter) for parameter in self.endpoints[name]]

    def ask(self, name: str, data: list[Any]) -> tuple[bool, Any]:
        """Whether a call went well, and what it answered."""
        headers = {"Content-Type": "application/json"}
        address = f"{self.app.address}/gradio_api/call{name}"
        body = json.dumps({"data": data}).encode()
        joined = httpx.post(address, content=body, headers=headers, timeout=SECONDS)
        if joined.status_code != 200:
            assert joined.status_code < 500, joined.text
            return False, joined.json()["detail"]
        answer = httpx.get(f"{address}/{joined.json()['event_id']}", timeout=SECONDS)
        *_, kind, said = (line for line in answer.text.splitlines() if line)
        answered = json.loads(said.removeprefix("data: "))
        if kind == "event: complete":
            return True, answered
        return False, answered["error"]

    def _default(self, parameter: Schema) -> Any:
        if parameter["component"] == "Image":
            return self.files[0]
        if parameter["component"] == "Uploadbutton":
            return self.files[1]
        by_type = {"number": 0.5, "string": "prior-small", "array": ["cat", "dog"], "object": self.files[1]}
        return (
            parameter["parameter_default"] if parameter["parameter_has_default"] else by_type[parameter["type"]["type"]]
        )


@pytest.fixture(scope="module")
def api(app: App, tmp_path_factory: pytest.TempPathFactory) -> Api:
    def uploaded(path: Path) -> dict[str, Any]:
        with path.open("rb") as file:
            answer = httpx.post(f"{app.address}/gradio_api/upload", files={"files": file}, timeout=SECONDS)
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}

    folder = tmp_path_factory.mktemp("sent")
    blobs(1, 90, 70).save(folder / "picture.png")
    (folder / "settings.json").write_text('{"format": "another"}')
    return Api(app, (uploaded(folder / "picture.png"), uploaded(folder / "settings.json")))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70),
    st.integers(),
    st.sampled_from([2**31 - 1, 2**31, 2**63, 10**400, -(10**400)]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "猫" * 5000, "\ud800", "a\0b", "../../etc/passwd", "__proto__", "{{7*7}}", "cat"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["path", "url", "index", "x"]), inner),
    max_leaves=6,
)


def by_schema(parameter: Schema, default: Any) -> st.SearchStrategy[Any]:
    """What a parameter's schema describes: its choices, or numbers of its range."""
    kind = parameter["type"]
    if choices := kind.get("enum"):
        return st.sampled_from(choices)
    if kind.get("type") == "array" and kind.get("items", {}).get("enum"):
        return st.lists(st.sampled_from(kind["items"]["enum"]), max_size=4)
    described = str(kind.get("description", ""))
    if described.startswith("numeric value between "):
        low, high = map(float, described.removeprefix("numeric value between ").split(" and "))
        return st.sampled_from([low, high]) | st.floats(low, high).map(lambda value: round(value, 2))
    if kind.get("type") == "integer":
        return st.integers(0, 2**31 - 1)
    return st.just(default)


@st.composite
def calls(draw: st.DrawFn, api: Api) -> tuple[str, list[Any]]:
    """A call of an endpoint, with some values that do not belong there, too few or too many."""
    name = draw(st.sampled_from(sorted(api.endpoints)))
    parameters, data = api.endpoints[name], api.defaults(name)
    for place, parameter in enumerate(parameters):
        if draw(st.integers(0, 3)) == 0:
            data[place] = draw(VALUES | by_schema(parameter, data[place]))
    length = draw(st.sampled_from([len(data)] * 6 + [0, len(data) - 1, len(data) + 1, len(data) + 500]))
    return name, [*data, *[None] * 500][: max(0, length)]


def test_whatever_is_sent_an_answer_or_a_sentence_comes_back(api: Api) -> None:
    refused: list[str] = []

    @settings(max_examples=35, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(call=calls(api))
    def send(call: tuple[str, list[Any]]) -> None:
        name, data = call
        well, answer = api.ask(name, data)
        if not well:
            refused.append(name)
            assert is_sentence(str(answer)), f"{name} {data}: {answer}"

    send()
    assert len(set(refused)) > len(api.endpoints) / 6
    assert "Traceback" not in api.app.log.read_text()


def test_choices_are_taken_as_they_are_described(api: Api) -> None:
    """Gradio describes every choice as a text."""
    data = api.defaults("/mask_channels")
    (place,) = [i for i, each in enumerate(api.endpoints["/mask_channels"]) if each["parameter_name"] == "layer"]
    for layer in ("32", 32):
        well, answer = api.ask("/mask_channels", [*data[:place], layer, *data[place + 1 :]])
        assert well, answer
    well, answer = api.ask("/mask_channels", [*data[:place], "48", *data[place + 1 :]])
    assert not well
    assert "choose from 16, 32" in answer


def test_a_mixture_is_taken_for_a_class_and_what_it_is_made_of_has_to_exist(api: Api) -> None:
    data = api.defaults("/draw_prior")
    (place,) = [i for i, each in enumerate(api.endpoints["/draw_prior"]) if each["parameter_name"] == "classes"]
    well, answer = api.ask("/draw_prior", [*data[:place], ["cat:0.7+dog:0.3"], *data[place + 1 :]])
    assert well, answer
    for classes, words in ((["cat:0.7+cow:0.3"], "no class 'cow'"), (["cow"], "does not offer 'cow'")):
        well, answer = api.ask("/draw_prior", [*data[:place], classes, *data[place + 1 :]])
        assert not well
        assert words in answer
