"""Recipes: the hyper-parameters of every stage, as data, at the published size and for the small family.

The weights of a recipe's losses are a dataclass of their own, `recipe.weights`, whose names are those of the log.
Terms that the paper does not have are marked "own".
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from gpunit.networks.code_encoder import CodeEncoderParams
from gpunit.networks.content_encoder import ContentEncoderParams
from gpunit.networks.discriminator import DiscriminatorParams
from gpunit.networks.distiller import DistillerParams
from gpunit.networks.families import (
    PUBLISHED,
    SMALL,
    SMALL_CONTENT,
    SMALL_DISTILLER,
    SMALL_DOMAINS,
    TranslatorParams,
    sized,
)
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams


@dataclass(frozen=True)
class DistillationWeights:
    """Weights of the losses of stage I (section 3).

    Attributes:
        content, pair_shape: the two terms of L_dis.
        reconstruction, perceptual: the two terms of L_arec.
        shape: λ_s of L_srec.
        recolour: || E_c(x') - E_c(x) ||_1, where x' is the picture x in other colours; own.  Unless it is 0, the
            decoder is given the content of x or that of x', chosen at random.
        agreement: distance of a pair's contents, relative to that of different codes; own (see
            `losses.content_disagreement`).
        agnostic: distance between the domains' contents as distributions; own (see `losses.domain_distance`).
        hint: predicting the backbone's feature and the instance map from E_c's 8x8 feature by one 1x1 convolution;
            own, as the paper's E_c sees 1.4 million pictures instead.
        layout, pair_layout: predicting the layout of the backbone's features from a picture's own content, and from
            its partner's; own (see `stage1.distiller.Distiller.layout_loss`).
        classifier, magnitude: the two terms of L_reg.
    """

    content: float = 0.0
    reconstruction: float = 2.0
    perceptual: float = 1.0
    shape: float = 5.0
    pair_shape: float = 5.0
    recolour: float = 0.2
    agreement: float = 1.5
    agnostic: float = 4.0
    hint: float = 1.0
    layout: float = 5.0
    pair_layout: float = 3.0
    classifier: float = 1.0
    magnitude: float = 1e-3


@dataclass(frozen=True)
class DistillationRecipe:
    """Hyper-parameters of stage I (section 3), with the small family's values.

    Attributes:
        content_encoder, distiller: network shapes.
        weights: weights of the losses.
        pairs: pairs of synthetic pictures per step.
        real: real pictures per step.
        turned_every: one in so many pairs, and one in so many real pictures, is turned and zoomed into, both pictures
            of a pair alike; 0 for none.
        learning_rate: Adam's, with betas (0.9, 0.999).
        halvings: how often the learning rate is halved during the last third of the run.
        noise: standard deviation σ of the Gaussian noise on the content that the decoder sees.
        shape_cross_entropy: compare shapes by cross-entropy instead of L1 (see `losses.shape_distance`).
        remembered: number of recent contents per domain that represent its distribution.
        warm_up: steps without reconstruction at the start of a run; they take a third of the time of the others.
        steps: length of a run.
    """

    content_encoder: ContentEncoderParams = SMALL_CONTENT
    distiller: DistillerParams = SMALL_DISTILLER
    weights: DistillationWeights = field(default_factory=DistillationWeights)
    pairs: int = 6
    real: int = 16
    turned_every: int = 2
    learning_rate: float = 8e-4
    halvings: int = 2
    noise: float = 0.2
    shape_cross_entropy: bool = True
    remembered: int = 128
    warm_up: int = 2000
    steps: int = 3200


SMALL_DISTILLATION = DistillationRecipe()
# As published, except for the perceptual net: the paper's is VGG19.
PAPER_DISTILLATION = DistillationRecipe(
    content_encoder=ContentEncoderParams(),
    distiller=DistillerParams(),
    weights=DistillationWeights(
        content=1.0,
        reconstruction=1.0,
        recolour=0.0,
        agreement=0.0,
        agnostic=0.0,
        hint=0.0,
        layout=0.0,
        pair_layout=0.0,
    ),
    pairs=16,
    real=16,
    turned_every=0,
    learning_rate=2e-4,
    halvings=0,
    shape_cross_entropy=False,
    warm_up=0,
    steps=45_000,
)


@dataclass(frozen=True)
class SmallWeights:
    """Weights of the losses of stage II (section 4) in the small family.

    Attributes:
        adversarial, content, style, mask, reconstruction: L_adv, L_con, L_sty, L_msk, L_rec.
        colour: difference in overall colour; own, part of what L_sty asks (see `losses.colour_distance`).
        bands: difference in sharpness; own, part of what L_sty asks (see `losses.band_distance`).
        structure: difference in self-similarity; own, part of what L_con asks (see `losses.structure_distance`).
        equivariance: difference between the translation of a turned source and the turned translation; own.
        anchor: while the last level is trained alone, difference between its picture at half the size and the picture
            of the level before; own.
        mismatched: in D's loss, real pictures labelled as another domain count as fake; own, for several targets.
    """

    adversarial: float = 1.5
    content: float = 4.0
    style: float = 5.0
    mask: float = 1.0
    reconstruction: float = 3.0
    colour: float = 5.0
    bands: float = 0.0
    structure: float = 1.5
    equivariance: float = 3.0
    anchor: float = 20.0
    mismatched: float = 1.0


@dataclass(frozen=True)
class SmallRecipe:
    """Hyper-parameters of stage II (section 4) in the small family.

    Attributes:
        translator, discriminator: network shapes.
        weights: weights of the losses.
        backbones: names of the frozen nets whose features D judges.  The first one also serves the other losses.
            Heads of a backbone that the earlier run lacked start untrained.
        domains: all domains, in the order of their labels; every target is one of them.
        batch: source pictures per step, and as many target pictures; twice as many while pictures are half as large.
        reconstructed: how many of the target pictures are reconstructed per step; likewise.
        turned_every: one in so many target pictures is turned and zoomed into, so that poses vary; 0 for none.  Turned
            pictures are slightly soft: if half of them are, D takes softness for a mark of real pictures.
        turned_copies: how many of the source pictures are turned copies of others, for the equivariance; likewise.
        learning_rate: Adam's, with betas (0, 0.99), for G and for D.
        discriminator_rate: D's learning rate relative to G's; a D that cannot keep up makes training go in circles.
        settle: share of the run after which both learning rates fall linearly to a fifth; 1 for never.
        ema: decay of the exponential moving average of G.
        refinement: factor on the weight of L_adv while the last level is trained alone, which cannot repair what D
            dislikes about the other levels.
        reconstruct_with_skips: reconstruct with the dynamic skips, which suits close domains.  Without them, only the
            content map tells G where things are, and G learns to follow it.
        bare_every: one in so many of those reconstructions is without the skips all the same; 0 for none.
        open_masks: with more than 0, every mask of an untrained G is about tanh(open_masks); own (see `stage2.gates`).
        zeros: with more than 0, the weight of L_msk, `weights.mask` at most, follows the share of exact zeros of each
            layer, which is led to this, and channels that stay shut are opened; own (see `stage2.gates`).
        warm_up: steps at the start of a run from nothing in which G learns L_rec alone; own, as the paper's runs are
            long enough for G to learn the meaning of the content map while it plays against D.
        coarse: steps at the start of a run from nothing that use pictures of half the size; own.
        skip_dropout: share of the translations without skips, and of those without skips in a rectangle; own (see
            `augment.random_strengths`).
        mirror_style: with probability 1/2, E_s sees the mirrored target picture.
        use_skips: False trains a generator whose masks are zero everywhere, for an ablation.
        steps: length of a run.
    """

    translator: TranslatorParams = SMALL
    discriminator: ProjectedDiscriminatorParams = field(
        default_factory=lambda: ProjectedDiscriminatorParams(pixel_width=64)
    )
    weights: SmallWeights = field(default_factory=SmallWeights)
    backbones: tuple[str, ...] = ("efficientnet-lite0",)
    domains: tuple[str, ...] = SMALL_DOMAINS
    batch: int = 8
    reconstructed: int = 4
    turned_every: int = 4
    turned_copies: int = 2
    learning_rate: float = 3e-4
    discriminator_rate: float = 1.0
    settle: float = 1.0
    ema: float = 0.998
    refinement: float = 0.66
    reconstruct_with_skips: bool = False
    bare_every: int = 0
    open_masks: float = 0.0
    zeros: float = 0.0
    warm_up: int = 1200
    coarse: int = 3400
    skip_dropout: float = 0.15
    mirror_style: bool = True
    use_skips: bool = True
    steps: int = 10_000


# For the end of a run, with --start-from: large batches, translations as sharp as their exemplars, and a D that has two
# backbones and keeps up.
SMALL_FINISH = SmallRecipe(
    weights=SmallWeights(content=2.0, bands=10.0, equivariance=2.0),
    backbones=("efficientnet-lite0", "efficientnet-lite2"),
    batch=96,
    reconstructed=28,
    turned_copies=16,
    learning_rate=2.5e-4,
    discriminator_rate=3.0,
    settle=0.3,
    warm_up=0,
    coarse=0,
    steps=1500,
)
SMALL_RECIPES = {"small": SmallRecipe(), "small-finish": SMALL_FINISH}


@dataclass(frozen=True)
class PaperWeights:
    """Weights of the losses of stage II (section 4) as published.

    Attributes:
        adversarial, content, style, mask, reconstruction: L_adv, L_con, L_sty, L_msk, L_rec.
        perceptual: every layer of the perceptual net, within L_rec.
        penalty: R1, half the squared gradient of D at real pictures.
        identity: 1 - cos(f(ŷ), f(y)), where f is ArcFace; its weights have to be given.
    """

    adversarial: float = 1.0
    content: float = 1.0
    style: float = 50.0
    mask: float = 1.0
    reconstruction: float = 1.0
    perceptual: float = 0.3
    penalty: float = 1.0
    identity: float = 0.0


@dataclass(frozen=True)
class PaperRecipe:
    """Hyper-parameters of stage II as in the paper (section 4); `tasks` has the switches of every task.

    Attributes:
        translator, discriminator: network shapes; the discriminator's `style_layer` is f_D of L_sty.
        weights: weights of the losses.
        batch: source pictures per step, and as many target pictures, over all processes.
        learning_rate, weight_decay: Adam's, with betas (0, 0.99), for G and for D.
        ema: decay of the exponential moving average of G.
        perceptual_net: vgg19 (to be downloaded) or efficientnet-lite0 (in a package).
        penalty_every: steps from one R1 to the next, which then counts for all of them (Karras et al., "Analyzing and
            Improving the Image Quality of StyleGAN", CVPR 2020); R1 costs half a step.
        reconstruct_with_skips: reconstruct with the dynamic skips, which suits close domains.
        mirror_style: with probability 1/2, E_s sees the mirrored target picture.
        oversample_rare: repeat rare style codes when the style sampler is fitted (see `sampler.with_rare`).
        use_skips: False trains a generator whose masks are zero everywhere, for an ablation.
        standardise: begin with style codes of mean 0 and deviation 1 (see `StyleEncoder.standardise`); own.
        augmentation: pictures are shifted by up to this share of their side, and change their light, before D judges
            them (see `augment.ShiftAndTone`), which helps where they are few; 0 for never.  Not in the paper.
        steps: length of a run.
    """

    translator: TranslatorParams = PUBLISHED
    discriminator: DiscriminatorParams = field(default_factory=DiscriminatorParams)
    weights: PaperWeights = field(default_factory=PaperWeights)
    batch: int = 16
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
    ema: float = 0.999
    perceptual_net: str = "vgg19"
    penalty_every: int = 16
    reconstruct_with_skips: bool = False
    mirror_style: bool = True
    oversample_rare: bool = False
    use_skips: bool = True
    standardise: bool = False
    augmentation: float = 0.0
    steps: int = 75_000


def generic_recipe(resolution: int = 256) -> PaperRecipe:
    """The paper's recipe for own domains, at any of `families.RESOLUTIONS`.

    D halves its pictures down to 4x4 as the paper's does, and f_D is of 16x16 wherever it is.

    Raises:
        ValueError: for another resolution.
    """
    translator = sized(resolution)
    halvings = (resolution // 4).bit_length() - 1
    widths = (64, 128, 256, *[512] * (halvings - 2))
    discriminator = DiscriminatorParams(widths, style_layer=(resolution // 16).bit_length())
    return PaperRecipe(translator=translator, discriminator=discriminator)


@dataclass(frozen=True)
class PriorWeights:
    """Weights of the losses of the small family's prior (see `training.prior.trainer`).

    Attributes:
        adversarial: the hinge loss.
        reconstruction: feature distance plus low-pass colour distance.
        colour: the latter within that sum.
        divergence: KL(code | picture, N(0, I)), summed over the code.
        latent: || E(G(z, l)) - z ||² for new codes, and for inferred ones rendered as another class: every code must be
            recognisable in every class.
        structure: difference in self-similarity between two classes rendered from one code.
    """

    adversarial: float = 0.8
    reconstruction: float = 10.0
    colour: float = 3.0
    divergence: float = 0.01
    latent: float = 3.0
    structure: float = 2.0


@dataclass(frozen=True)
class PriorRecipe:
    """Hyper-parameters of a class-conditional BigGAN trained from nothing: the small family's prior.

    Not in the paper, which takes a BigGAN trained on ImageNet.

    Attributes:
        resolution: side of the pictures; 128 or 64.
        classes: number of classes.
        latent_dim: length of a latent code, and of a class embedding.
        width: BigGAN's channel width; the deepest maps have 16 times as many channels.
        encoder: shape of the encoder from a picture to a latent code.
        discriminator: shape of the projected discriminator.
        weights: weights of the losses.
        batch: real pictures per step, all of which are reconstructed from the codes that the encoder infers.
        crossed: how many of those codes are also rendered as another class.
        sampled: new latent codes per step, each rendered as two classes.
        turned_every: one in so many pictures is turned and zoomed into, so that poses vary in every class alike; 0 for
            none.
        learning_rate: Adam's, with betas (0, 0.99), for G and the encoder.
        discriminator_learning_rate: likewise for D.
        ema: decay of the exponential moving average of G and the encoder.
    """

    resolution: int = 128
    classes: int = 4
    latent_dim: int = 64
    width: int = 32
    encoder: CodeEncoderParams = field(default_factory=CodeEncoderParams)
    discriminator: ProjectedDiscriminatorParams = field(
        default_factory=lambda: ProjectedDiscriminatorParams(head_width=96, classes=4)
    )
    weights: PriorWeights = field(default_factory=PriorWeights)
    batch: int = 8
    crossed: int = 4
    sampled: int = 4
    turned_every: int = 2
    learning_rate: float = 6e-4
    discriminator_learning_rate: float = 2e-4
    ema: float = 0.998


PRIOR_SMALL = PriorRecipe(resolution=64)

AnyRecipe = DistillationRecipe | SmallRecipe | PaperRecipe | PriorRecipe
Recipe = TypeVar("Recipe", DistillationRecipe, SmallRecipe, PaperRecipe, PriorRecipe)


def weight_names(recipe: AnyRecipe) -> list[str]:
    """The names of a recipe's loss weights, in their order."""
    return [each.name for each in fields(recipe.weights)]


def weighted(recipe: Recipe, **weights: float) -> Recipe:
    """The recipe with some loss weights changed.

    Examples:
        >>> weighted(SmallRecipe(), content=2.0).weights.content
        2.0
    """
    changed = replace(recipe.weights, **weights)
    return replace(recipe, weights=changed)
