"""The page's language, English or Chinese: the browser's language decides, and the footer's settings may.

`LABELS` stand on the page, and the browser puts them in (gr.I18n); they are ICU messages: no braces, no angle brackets.
`NOTICES` are said by events, in the language that the visitor's browser asks for.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import LocalContext

from gpunit import zoo
from gpunit.ui import refusals, texts
from gpunit.ui.masks import texts as masks_texts
from gpunit.ui.prior import inside_texts, measuring_texts
from gpunit.ui.prior import texts as prior_texts
from gpunit.ui.styles import texts as styles_texts
from gpunit.ui.texts import DOMAINS, LICENCES, Texts
from gpunit.ui.translate import live_texts, many_texts
from gpunit.ui.translate import texts as translate_texts

_ALL = (
    *(texts, translate_texts, many_texts, live_texts, styles_texts),
    *(prior_texts, inside_texts, measuring_texts, masks_texts),
)


def _model_titles() -> Texts:
    """The domain pair of every model in the table."""
    return {
        f"model_{name}": (
            spec.title,
            f"{' / '.join(DOMAINS.get(source, source) for source in spec.sources)} → "
            f"{DOMAINS.get(spec.target, spec.target)}",
        )
        for name, spec in zoo.MODELS.items()
    }


def _domain_titles() -> Texts:
    """Every domain as the name of a button, and as a class of a prior."""
    buttons = {f"target_{domain}": (domain.capitalize(), chinese) for domain, chinese in DOMAINS.items()}
    return buttons | {f"class_{domain}": (domain, chinese) for domain, chinese in DOMAINS.items()}


LABELS: Texts = {key: pair for each in _ALL for key, pair in each.LABELS.items()} | {
    **_model_titles(),
    **_domain_titles(),
}
NOTICES: Texts = {key: pair for each in _ALL for key, pair in each.NOTICES.items()}

I18N = gr.I18n(
    en={key: english for key, (english, _) in LABELS.items()},
    # What Gradio says to screen readers of a waiting and a finished event has no Chinese of its own.
    zh={key: chinese for key, (_, chinese) in LABELS.items()}
    | {"status.queue_position": "排队中：第 {position} 位，共 {size} 位", "common.complete": "完成"},
)


def text(key: str) -> Any:
    """A label, for the browser to put in its language.  (Any: not all of Gradio's signatures know that they take it.)

    Raises:
        KeyError: for a key that is not among `LABELS`.
    """
    if key not in LABELS:
        raise KeyError(f"there is no text {key!r}")
    return I18N(key)


def licence_notice(licence: str) -> str:
    """A model's terms, for a notice; those that others wrote stay as they are."""
    return LICENCES.get(licence, licence) if reads_chinese() else licence


def notice(key: str, **values: object) -> str:
    """What an event says, in the language that the visitor's browser asks for; English to programs.

    Raises:
        KeyError: for a key that is not among `NOTICES`, or a value that is missing.
    """
    english, chinese = NOTICES[key]
    return (chinese if reads_chinese() else english).format(**values)


def domain_name(domain: str) -> str:
    """A domain, for a notice."""
    return DOMAINS.get(domain, domain) if reads_chinese() else domain


def listed(domains: tuple[str, ...]) -> str:
    """Domains as a list with "or", for a notice."""
    names = [domain_name(domain) for domain in domains]
    if reads_chinese():
        return "、".join(names[:-1]) + ("或" if len(names) > 1 else "") + names[-1]
    names = [f"a {name}" for name in names]
    return ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]


def said(sentence: str) -> str:
    """A refusal of the package, in the language that the visitor's browser asks for."""
    return refusals.in_chinese(sentence) if reads_chinese() else sentence


def warn(sentence: str) -> None:
    """Show a warning on the page."""
    gr.Warning(said(sentence), **_titled("warning"))


def inform(sentence: str) -> None:
    """Show a remark on the page."""
    gr.Info(said(sentence), **_titled("remark"))


def _titled(key: str) -> dict[str, str]:
    """What stands above a sentence, where Gradio's own English does not."""
    return {"title": notice(key)} if reads_chinese() else {}


def reads_chinese() -> bool:
    """Whether the browser of the visitor whose event is running asks for Chinese first."""
    return asks_for_chinese(LocalContext.request.get(None))


def asks_for_chinese(request: Any) -> bool:
    """Whether what sent a request, as Gradio or Starlette has it, reads Chinese first; None for no request."""
    headers = getattr(request, "headers", None) or {}
    return str(headers.get("accept-language", "")).lower().startswith("zh")
