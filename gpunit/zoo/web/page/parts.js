// The parts of the page whose number is not known beforehand, and files for the visitor.

/** A choice of models, the first of which is chosen; `open` is called with a model. */
export function layOutTargets(fieldset, models, open) {
  const targets = models.map((model) => model.target);
  for (const model of models) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "target", value: model.name, checked: model === models[0] });
    input.addEventListener("change", () => open(model));
    const name = document.createElement("span");
    // Models of one target are told apart by their own names.
    if (targets.indexOf(model.target) === targets.lastIndexOf(model.target)) name.dataset.domain = model.target;
    else name.textContent = model.name;
    label.append(input, name);
    fieldset.append(label);
  }
  fieldset.hidden = models.length < 2;
}

/** The photographs that the models start from; all of them where none fits. */
export function examplesFor(models, examples) {
  const sources = new Set(models.flatMap((model) => model.sources));
  const fitting = examples.filter(({ domain }) => sources.has(domain));
  return fitting.length ? fitting : examples;
}

/** A button for every photograph; `open` is called with its file. */
export function layOutExamples(group, examples, open) {
  for (const { file, domain } of examples) {
    const button = document.createElement("button");
    Object.assign(button.dataset, { file, example: domain });
    const picture = document.createElement("img");
    Object.assign(picture, { src: file, alt: "", loading: "lazy" });
    button.append(picture);
    button.addEventListener("click", () => open(file));
    group.append(button);
  }
}

/** A slider for every axis of a model; `move` is called with its number and place. */
export function layOutAxes(place, model, reach, move) {
  const sliders = model.shares.map((share, k) => {
    const label = document.createElement("label");
    label.className = "slider";
    label.innerHTML = `<span data-text="axis" data-number="${k + 1}"></span>
      <input type="range" min="${-reach}" max="${reach}" step="0.05"><output></output>`;
    Object.assign(label.dataset, { hint: "share", share: (100 * share).toFixed(0) });
    label.querySelector("input").addEventListener("input", ({ target }) => move(k, Number(target.value)));
    return label;
  });
  place.replaceChildren(...sliders);
}

/** A button for every style on offer, the mean first; `choose` is called with its number. */
export function layOutDrawn(group, count, choose) {
  const buttons = Array.from({ length: count }, (_, index) => {
    const button = document.createElement("button");
    Object.assign(button.dataset, { label: index ? "style_drawn" : "style_mean", number: index });
    button.append(document.createElement("canvas"));
    button.addEventListener("click", () => choose(index));
    return button;
  });
  group.replaceChildren(...buttons);
}

/** Hand the visitor a file. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
