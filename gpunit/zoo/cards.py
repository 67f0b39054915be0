"""A translator's model card as the Hugging Face Hub reads it: the Hub's own fields first, then words for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from gpunit.zoo.table import DATA_LICENCE, PAPER, PAPER_LINK, ModelSpec
from gpunit.zoo.weights import ModelError

LIBRARY = "gpunit-explorer"
# Figures of `evaluate`, by their names in its file: how a card's tables call them.
SHOWN = {
    "translated": "kernel distance of translations",
    "floor": "of real pictures",
    "gap_closed": "gap closed",
    "diversity": "diversity",
    "content_kept": "content kept",
    "structure_kept": "structure kept",
    "gate_swap": "gate swap",
    "fid": "FID",
    "lpips": "LPIPS",
}
# What `evaluate --output` writes: {"model": ..., "protocol": ..., "rows": [{"source": ..., figures}]}.
Evaluation = Mapping[str, Any]


def card(spec: ModelSpec, evaluation: Evaluation | None = None, repository: str = "") -> str:
    """A translator's card.

    Args:
        spec: its line of the table.
        evaluation: its figures.
        repository: where it will be, "owner/name", for the lines that load it.

    Returns:
        Markdown, after a block of YAML.

    Raises:
        ModelError: for figures of another translator, or a file that holds none.
    """
    rows = _rows(spec, evaluation) if evaluation is not None else []
    name = repository or spec.name
    data = ModelCardData(
        license="other",
        license_name="non-commercial-research" if spec.licence == DATA_LICENCE else "see-card",
        library_name=LIBRARY,
        pipeline_tag="image-to-image",
        tags=["gp-unit", "image-to-image", "gan", spec.target, *spec.sources],
        model_name=name if rows else None,
        eval_results=_results(spec, rows) or None,
        metrics=sorted({figure for row in rows for figure in row if figure in SHOWN}) or None,
    )
    load = f'zoo.from_pretrained("{repository}")' if repository else f'zoo.load("{spec.name}")'
    lines = [
        f"# {name}",
        "",
        f"Translates pictures ({', '.join(spec.sources)}) to {spec.target}, at {spec.resolution} px, by GP-UNIT "
        f"([{PAPER}]({PAPER_LINK})): the layout of your picture, the look of an exemplar or of a drawn style.",
        "",
        "```python",
        "from PIL import Image",
        "from gpunit import zoo",
        "",
        f"translator = {load}",
        'plan = translator.plan(Image.open("photo.jpg"))',
        "pictures = translator.render(plan, translator.sample(4, seed=1))",
        "```",
        "",
        f"- **Licence of the weights**: {spec.licence}",
        f"- **From**: {spec.source}",
    ]
    if rows:
        lines += [
            "",
            "## Figures",
            "",
            f"`python -m gpunit evaluate`, {_protocol(evaluation)} protocol.",
            "",
            *_table(rows),
        ]
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n".join(lines) + "\n"


def _rows(spec: ModelSpec, evaluation: Evaluation) -> list[Mapping[str, Any]]:
    rows = evaluation.get("rows") if isinstance(evaluation, Mapping) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) and "source" in row for row in rows):
        raise ModelError("the file of figures holds none; give one that `evaluate --output` has written.")
    if evaluation.get("model") != spec.name:
        raise ModelError(f"the figures are those of {evaluation.get('model')}, not of {spec.name}; evaluate that one.")
    return rows


def _protocol(evaluation: Evaluation | None) -> str:
    return str((evaluation or {}).get("protocol", "offline"))


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a row that a card shows."""
    numbers = {name: row[name] for name in SHOWN if isinstance(row.get(name), int | float)}
    return {name: float(value) for name, value in numbers.items() if math.isfinite(value)}


def _results(spec: ModelSpec, rows: list[Mapping[str, Any]]) -> list[EvalResult]:
    return [
        EvalResult(
            task_type="image-to-image",
            dataset_type=str(row["source"]),
            dataset_name=f"{row['source']} → {spec.target}" + (f", {row['net']}" if "net" in row else ""),
            metric_type=figure,
            metric_name=SHOWN[figure],
            metric_value=round(value, 4),
        )
        for row in rows
        for figure, value in _figures(row).items()
    ]


def _table(rows: list[Mapping[str, Any]]) -> list[str]:
    columns = [name for name in SHOWN if any(name in _figures(row) for row in rows)]
    lines = [
        "| source | net | " + " | ".join(SHOWN[name] for name in columns) + " |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for row in rows:
        figures = _figures(row)
        cells = [f"{figures[name]:.3f}" if name in figures else "-" for name in columns]
        lines.append(f"| {row['source']} | {row.get('net', '-')} | " + " | ".join(cells) + " |")
    return lines
