"""The game of the small family's stage II: G and D, what each of them sees, and their losses.

L_adv is the hinge loss on features of frozen backbones, the first of which also serves as the perceptual net of L_rec.
Several target domains can be trained at once: a style code tells its domain, D judges pictures as members of their
target's domain, and a run on one of the domains can go on from there.  Which part of this a step trains, its phase
decides (`stage2.phases`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.projected_discriminator import DiscriminatorEnsemble
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone, random_strengths, random_turns, turn
from gpunit.training.processes import Processes
from gpunit.training.recipes import SmallRecipe
from gpunit.training.stage2.gates import GateKeeper, open_gates
from gpunit.training.stage2.trainer import LAYOUT, StageTwoTrainer, split
from gpunit.training.trainer import CPU, Parts, minimise, mixed_precision


@dataclass(frozen=True)
class Rendered:
    """The pictures that G makes of a batch, and what they are compared with, all of one size S.

    Attributes:
        source: (B, 3, S, S); the last ones are turned copies of the first.
        target: (B, 3, S, S).
        label: (B,) the targets' domains.
        host_label: (B,) the same on the CPU, where what to compute can be decided without a wait for the device.
        styled_by: (B,) the target whose style each source is translated in; copies share their originals'.
        turns: (C, 2, 3) the affine map of each turned copy.
        content: of the sources.
        gates: of the sources' skips.
        translated: (B, 3, S, S).
        reconstructed: (R, 3, S, S) of the first targets.
        preview: (B, 3, S/2, S/2) the translations that the level before the last makes, if asked for.
    """

    source: Tensor
    target: Tensor
    label: Tensor
    host_label: Tensor
    styled_by: Tensor
    turns: Tensor
    content: ContentFeatures
    gates: dict[int, SkipGate]
    translated: Tensor
    reconstructed: Tensor
    preview: Tensor | None

    @property
    def style_label(self) -> Tensor:
        """(B,) the domains that the sources are translated to."""
        return self.label[self.styled_by]


@dataclass(frozen=True)
class Features:
    """Features of augmented pictures, by stride; a source and its translation are augmented alike.

    Attributes:
        real, fake: of targets and translations as D judges them, by backbone.
        translated: the first backbone's, of the translations.
        source: the first backbone's, of the sources; empty if no loss needs them.
    """

    real: dict[str, dict[int, Tensor]]
    fake: dict[str, dict[int, Tensor]]
    translated: dict[int, Tensor]
    source: dict[int, Tensor]


class SmallGame(StageTwoTrainer):
    """The networks of stage II in the small family.

    Args:
        recipe: shapes and hyper-parameters.
        content_encoder: the frozen E_c of stage I.
        seed: of the initial weights.
        device: where to compute.
    """

    discriminator: DiscriminatorEnsemble

    def __init__(
        self, recipe: SmallRecipe, content_encoder: ContentEncoder, seed: int = 0, device: torch.device = CPU
    ) -> None:
        super().__init__(recipe, content_encoder, seed, Processes(device=device))
        self.recipe = recipe
        self.backbones = nn.ModuleDict({name: BACKBONES[name]() for name in recipe.backbones})
        self.backbone = self.backbones[recipe.backbones[0]]
        params = replace(recipe.discriminator, classes=len(recipe.domains))
        self.discriminator = DiscriminatorEnsemble(params, {name: BACKBONES[name] for name in recipe.backbones})
        add_spectral_norm(self.discriminator)
        for network in (self.backbones, self.discriminator):
            network.to(device).to(**LAYOUT)
        adam: dict[str, Any] = {"lr": recipe.learning_rate, "betas": (0.0, 0.99), "fused": True}
        if recipe.open_masks:
            for model in (self.model, self.ema):
                open_gates(model.generator, recipe.open_masks)
        self.gate_keeper: GateKeeper | None = None
        if recipe.zeros and recipe.use_skips:
            self.gate_keeper = GateKeeper(self.model.generator, recipe.zeros).to(device)
        self.optimizer_g = torch.optim.Adam(self.model.parameters(), **adam)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), **adam)

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the frozen networks that the losses look through."""
        return self.recipe.backbones

    def task(self) -> dict[str, Any]:
        """What a run keeps to, as far as it is in the networks."""
        return super().task() | {"domains": list(self.recipe.domains)}

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        kept = {"gate_keeper": self.gate_keeper.state_dict()} if self.gate_keeper is not None else {}
        return super().state() | kept

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        super().load(state)
        if self.gate_keeper is not None and "gate_keeper" in state:
            self.gate_keeper.load_state_dict(state["gate_keeper"])

    def _adapted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Another run's state; heads of a backbone that it lacked are untrained, and then D's optimiser begins anew."""
        heads = dict(state["discriminator"])
        for name, judge in self.discriminator.judges.items():
            prefix = f"judges.{name}."
            if not any(key.startswith(prefix) for key in heads):
                heads |= {prefix + key: tensor for key, tensor in judge.state_dict().items()}
        if len(heads) == len(state["discriminator"]):
            return state
        return state | {"discriminator": heads, "optimizer_d": self.optimizer_d.state_dict()}

    def render(self, source: Tensor, target: Tensor, label: Tensor, scale: int, previews: bool) -> Rendered:
        """Translate the sources and reconstruct the first targets, with gradients for G and E_s.

        Args:
            source, target: (B, 3, S·scale, S·scale) in [-1, 1]; the last sources are replaced by turned copies.
            label: (B,) the targets' domains, on the CPU.
            scale: the factor by which the rendered pictures are smaller.
            previews: also render what the level before the last makes.
        """
        recipe, generator, batch = self.recipe, self.model.generator, len(source)
        size = recipe.translator.resolution // scale
        copies, count = recipe.turned_copies * scale, recipe.reconstructed * scale
        turns = random_turns(copies).to(self.device)
        source = torch.cat([source[: batch - copies], turn(source[:copies], turns)])
        styled_by = torch.arange(batch, device=self.device)
        styled_by[batch - copies :] = styled_by[:copies].clone()
        with mixed_precision(self.device):
            with torch.no_grad():
                content, own_content = split(self.content_encoder(torch.cat([source, target[:count]])), batch)
            mirrored = recipe.mirror_style and bool(torch.rand(()) < 0.5)
            style = self.model.style_encoder(target.flip(3) if mirrored else target)
            gates = generator.plan_skips(content) if recipe.use_skips else {}
            strengths = random_strengths(batch, list(gates), recipe.skip_dropout, self.device)
            for strength in strengths:  # a picture and its turned copy are compared place by place
                strength[:copies] = strength[batch - copies :] = 1
            weights = [strength.to(gate.mask) for strength, gate in zip(strengths, gates.values(), strict=True)]
            translated = generator.render(content.content, gates, style[styled_by], weights, size).float()
            preview = None
            if previews:
                with torch.no_grad():
                    preview = generator.render(content.content, gates, style[styled_by], weights, size // 2).float()
            with_skips = recipe.use_skips and recipe.reconstruct_with_skips
            own_gates = generator.plan_skips(own_content) if with_skips else {}
            bare = self.bare_strengths(count) if with_skips else None
            reconstructed = generator.render(own_content.content, own_gates, style[:count], bare, size).float()
        if scale > 1:
            source, target = (F.avg_pool2d(pictures, scale) for pictures in (source, target))
        here = label.to(self.device)
        return Rendered(
            source, target, here, label, styled_by, turns, content, gates, translated, reconstructed, preview
        )

    def bare_strengths(self, count: int) -> list[Tensor] | None:
        """The skips' strengths in which some of `count` reconstructions go without; None for all with them."""
        if not self.recipe.bare_every:
            return None
        strength = torch.ones(count, 1, 1, 1, device=self.device)
        strength[:: self.recipe.bare_every] = 0
        return [strength] * len(self.model.generator.skips)

    def features_of(self, pictures: Tensor) -> dict[str, dict[int, Tensor]]:
        """What D judges pictures (B, 3, S, S) by: every backbone's features by stride, and as stride 1 the pictures."""
        return {name: {1: pictures, **backbone(pictures)} for name, backbone in self.backbones.items()}

    def look(self, rendered: Rendered) -> Features:
        """The backbones' features of a batch; those of the translations keep their graph."""
        batch, size = len(rendered.source), rendered.source.shape[-1]
        augment = ShiftAndTone(batch, size // 10, self.device)
        with torch.no_grad():
            real = self.features_of(augment(rendered.target))
            source = self.backbone(augment(rendered.source), last_stride=16) if self.recipe.weights.structure else {}
        fake = self.features_of(augment(rendered.translated))
        with mixed_precision(self.device):
            real_mixed, fake_mixed = (self.discriminator.mix(each) for each in (real, fake))
        return Features(real_mixed, fake_mixed, fake[self.recipe.backbones[0]], source)

    def update_discriminator(self, rendered: Rendered, features: Features) -> Tensor:
        """One update of D; returns its loss."""
        judge, label, mismatched = self.discriminator.judge, rendered.label, self.recipe.weights.mismatched
        held = {name: {stride: f.detach() for stride, f in each.items()} for name, each in features.fake.items()}
        with mixed_precision(self.device):
            real, fake = judge(features.real, label), judge(held, rendered.style_label)
            loss = losses.hinge_discriminator_loss(real.logits, fake.logits)
            known = rendered.host_label
            if mismatched and len(known.unique()) > 1:
                # Real pictures under another domain's label: without them, a copy of the source passes for any domain.
                claimed = known.roll(int(torch.randint(1, len(known), ())))
                wrong = (claimed != known).nonzero()[:, 0].to(self.device)
                if len(wrong):
                    logits = [logit[wrong] for logit in judge(features.real, claimed.to(self.device)).logits]
                    loss = loss + mismatched * losses.hinge_fake_loss(logits)
        minimise(loss, self.optimizer_d)
        return loss

    def generator_losses(self, rendered: Rendered, features: Features) -> Parts:
        """The parts of G's loss."""
        recipe, translated, batch = self.recipe, rendered.translated, len(rendered.source)
        exemplar = rendered.target[rendered.styled_by]
        # Of half of the pictures: E_c's backward pass takes a third of a step, and its term is soon small.
        half = batch // 2 if recipe.weights.content else 0
        with mixed_precision(self.device):
            fake = self.discriminator.judge(features.fake, rendered.style_label)
            with torch.no_grad():
                real = self.discriminator.judge(features.real, rendered.label)
            kept = self.content_encoder(translated[:half]).content.float() if half else None
            real_styles = [style[rendered.styled_by] for style in real.styles]
        compared = self._compare(rendered)
        parts = {
            "adversarial": losses.hinge_generator_loss(fake.logits),
            "style": losses.style_distance(fake.styles, real_styles),
            "colour": losses.colour_distance(translated, exemplar),
            "reconstruction": compared["reconstruction"],
        }
        if kept is not None:
            parts["content"] = losses.content_distance(kept, rendered.content.content[:half].float())
        if recipe.weights.bands:
            parts["bands"] = losses.band_distance(translated, exemplar)
        if recipe.weights.structure:
            size = translated.shape[-1]
            strides = (size // 16, size // 8)
            parts["structure"] = losses.structure_distance(features.translated, features.source, strides)
        if self.gate_keeper is not None:
            parts["mask"] = self.gate_keeper.sparsity(rendered.gates)
        elif rendered.gates:
            parts["mask"] = losses.mask_sparsity([gate.mask for gate in rendered.gates.values()])
        if rendered.preview is not None:
            parts["anchor"] = F.l1_loss(F.avg_pool2d(translated, 2), rendered.preview)
        if "equivariance" in compared:
            parts["equivariance"] = compared["equivariance"]
        return parts

    def _compare(self, rendered: Rendered) -> Parts:
        """L_rec, and the equivariance if there are turned copies: L1 and feature distance to the pictures wanted."""
        count, copies, translated = len(rendered.reconstructed), len(rendered.turns), rendered.translated
        with torch.no_grad():
            wanted = torch.cat([rendered.target[:count], turn(translated[:copies], rendered.turns)])
            wanted_features = self.backbone(wanted, last_stride=16)
        answered = torch.cat([rendered.reconstructed, translated[len(translated) - copies :]])
        answered_features = self.backbone(answered, last_stride=16)

        def distance(rows: slice) -> Tensor:
            here, there = ({s: f[rows] for s, f in each.items()} for each in (answered_features, wanted_features))
            return F.l1_loss(answered[rows], wanted[rows]) + losses.feature_distance(here, there)

        parts = {"reconstruction": distance(slice(count))}
        if copies:
            parts["equivariance"] = distance(slice(count, None))
        return parts
