"""Presets as data: network shapes and hyper-parameters, at the published size and for the small family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gpunit.networks.code_encoder import CodeEncoderParams
from gpunit.networks.content_encoder import ContentEncoderParams
from gpunit.networks.discriminator import DiscriminatorParams
from gpunit.networks.distiller import DistillerParams
from gpunit.networks.families import PUBLISHED, SMALL, SMALL_CONTENT, SMALL_DISTILLER, SMALL_DOMAINS, TranslatorParams
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams


@dataclass(frozen=True)
class DistillationRecipe:
    """Hyper-parameters of stage I (section 3), with the small family's values.

    Attributes:
        content_encoder, distiller: network shapes.
        pairs: pairs of synthetic pictures a step.
        real: real pictures a step.
        turned_every: of how many pairs, and real pictures, one is turned and zoomed into, both pictures of a pair
            alike; none is for 0.
        learning_rate: Adam's, with betas (0.9, 0.999).
        halvings: how often the rate is halved over the last third of the run.
        noise: deviation σ of the Gaussian noise on the code that the decoder sees.
        reconstruction, perceptual: weights of the two terms of L_arec.
        shape: weight λ_s of L_srec.
        shape_cross_entropy: compare shapes by cross-entropy instead of L1 (see `losses.shape_distance`).
        content, pair_shape: weights of the two terms of L_dis.
        recolour: weight of || E_c(x') - E_c(x) ||_1, x' a picture x in other colours; not in the paper.  Where it
            is not 0, the decoder is given the one or the other.
        agreement: weight of the distance of a pair's contents in units of that of different codes; not in the paper
            (see `losses.content_disagreement`).
        agnostic: weight of the distance between the domains' contents as distributions; not in the paper (see
            `losses.domain_distance`).
        remembered: contents of every domain, of the last real pictures, that stand for its distribution.
        hint: weight of two hints to E_c's 8x8 feature, read off by one 1x1 convolution: the frozen net's feature of
            the same size, and the instance map; not in the paper, whose E_c sees 1.4 million pictures instead.
        layout, pair_layout: weights of telling the layout of the frozen net's features from a picture's own content,
            and from its partner's; not in the paper (see `training.distillation.Distiller.layout_loss`).
        warm_up: steps at the start of a run from nothing in which no picture is drawn, which takes a third of the
            time.
        steps: length of a run.
        classifier, magnitude: weights of the two terms of L_reg.
    """

    content_encoder: ContentEncoderParams = SMALL_CONTENT
    distiller: DistillerParams = SMALL_DISTILLER
    pairs: int = 6
    real: int = 16
    turned_every: int = 2
    learning_rate: float = 8e-4
    halvings: int = 2
    noise: float = 0.2
    reconstruction: float = 2.0
    perceptual: float = 1.0
    shape: float = 5.0
    shape_cross_entropy: bool = True
    content: float = 0.0
    pair_shape: float = 5.0
    recolour: float = 0.2
    agreement: float = 1.5
    agnostic: float = 4.0
    remembered: int = 128
    hint: float = 1.0
    layout: float = 5.0
    pair_layout: float = 3.0
    warm_up: int = 2000
    steps: int = 3200
    classifier: float = 1.0
    magnitude: float = 1e-3


SMALL_DISTILLATION = DistillationRecipe()
# Published, but for the perceptual net: the paper's is VGG19.
PAPER_DISTILLATION = DistillationRecipe(
    content_encoder=ContentEncoderParams(),
    distiller=DistillerParams(),
    pairs=16,
    real=16,
    turned_every=0,
    learning_rate=2e-4,
    halvings=0,
    shape_cross_entropy=False,
    content=1.0,
    reconstruction=1.0,
    recolour=0.0,
    agreement=0.0,
    agnostic=0.0,
    hint=0.0,
    layout=0.0,
    pair_layout=0.0,
    warm_up=0,
    steps=45_000,
    classifier=1.0,
)


@dataclass(frozen=True)
class AdversarialRecipe:
    """Hyper-parameters of stage II (section 4), with the small family's values.

    Attributes:
        translator, discriminator: network shapes.
        eyes: the frozen nets on whose features D judges, the first of which serves the other losses too; a net that a
            run goes on from has not had begins with fresh heads.
        domains: the domains that D can judge pictures as members of; a target is one of them.
        batch: source pictures, and target pictures, a step; twice as many while steps are coarse.
        reconstructed: how many of the target pictures are reconstructed a step; twice as many likewise.
        turned_every: of how many target pictures one is turned and zoomed into, so that poses vary; none is for 0.
            They are soft: with every other one, D takes softness for real.
        twins: how many of the source pictures are turned copies of the others, for the equivariance; twice as many
            likewise.
        learning_rate: Adam's, with betas (0, 0.99), for G and for D.
        judge_rate: D's rate as a multiple of G's: a D that G outruns drives it in circles.
        settle: the share of a run after which both rates fall, in a straight line, to a fifth; 1 for never.
        ema: decay of the average of G that is kept.
        adversarial, content, style, mask, reconstruction: weights of L_adv, L_con, L_sty, L_msk, L_rec.
        colour: weight of the difference in overall colour, beside L_sty (see `losses.colour_distance`).
        bands: weight of the difference in sharpness, beside L_sty (see `losses.band_distance`).
        structure: weight of the difference in self-similarity, beside L_con (see `losses.structure_distance`).
        equivariance: weight of the difference between a turned source's translation and the translation turned alike;
            not in the paper.
        refinement: what L_adv counts where the last level is trained alone, as a share of `adversarial`: that level
            cannot help what D holds against the others' work.
        anchor: weight of the difference between a picture, halved, and what the level before draws, where the last
            level is trained alone; not in the paper.
        reconstruct_with_skips: let ȳ use the dynamic skips; right where the domains are close.  Without them, the
            content map alone has to say where things are, and G learns to listen to it.
        warm_up: steps at the start of a run from nothing in which G learns L_rec alone; not in the paper, whose runs
            are long enough to find out what the content map means while they play against D.
        coarse: steps at the start of a run from nothing that are drawn at half the resolution; not in the paper.
        mismatched: weight, in D's loss, of telling real pictures under another domain's label for fake, where there is
            more than one target; not in the paper, which trains one target at a time.
        skip_dropout: share of the translations that are drawn without skips, and again with skips missing in a
            rectangle (see `training.adversarial.random_strengths`); not in the paper.
        mirror_style: show E_s the mirrored target picture half of the time.
        use_skips: False, for an ablation, trains a generator whose masks are nought everywhere.
        steps: length of a run.
    """

    translator: TranslatorParams = SMALL
    discriminator: ProjectedDiscriminatorParams = field(
        default_factory=lambda: ProjectedDiscriminatorParams(pixel_width=64)
    )
    eyes: tuple[str, ...] = ("efficientnet-lite0",)
    domains: tuple[str, ...] = SMALL_DOMAINS
    batch: int = 8
    reconstructed: int = 4
    turned_every: int = 4
    twins: int = 2
    learning_rate: float = 3e-4
    judge_rate: float = 1.0
    settle: float = 1.0
    ema: float = 0.998
    adversarial: float = 1.5
    content: float = 4.0
    style: float = 5.0
    colour: float = 5.0
    bands: float = 0.0
    structure: float = 1.5
    mask: float = 1.0
    reconstruction: float = 3.0
    equivariance: float = 3.0
    refinement: float = 0.66
    anchor: float = 20.0
    reconstruct_with_skips: bool = False
    warm_up: int = 1200
    coarse: int = 3400
    mismatched: float = 1.0
    skip_dropout: float = 0.15
    mirror_style: bool = True
    use_skips: bool = True
    steps: int = 10_000


# For the end of a run, with --start-from: large batches, translations as sharp as their exemplars, and a D that has
# two eyes and keeps up.
SMALL_FINISH = AdversarialRecipe(
    eyes=("efficientnet-lite0", "efficientnet-lite2"),
    batch=96,
    reconstructed=28,
    twins=16,
    learning_rate=2.5e-4,
    judge_rate=3.0,
    settle=0.3,
    ema=0.998,
    content=2.0,
    bands=10.0,
    equivariance=2.0,
    warm_up=0,
    coarse=0,
    steps=1500,
)


@dataclass(frozen=True)
class PaperRecipe:
    """Stage II as in the paper (section 4): its discriminator, losses and weights, and what differs between tasks.

    Attributes:
        source, target: the domains of the task.
        data: what the published model was trained on.
        inferred: the switches are not published for this task, but inferred from the tasks whose switches are.
        translator, discriminator: network shapes; f_D of L_sty is the discriminator's `style_layer`.
        batch: source pictures, and target pictures, a step, over all processes.
        learning_rate, weight_decay: Adam's, with betas (0, 0.99), for G and for D.
        ema: decay of the average of G that is kept.
        adversarial, content, style, mask, reconstruction: weights of L_adv, L_con, L_sty, L_msk, L_rec.
        perceptual: weight of every layer of the perceptual net within L_rec.
        perceptual_net: vgg19 (to be downloaded) or efficientnet-lite0 (in a package).
        penalty: weight of R1, half the squared gradient of D at real pictures.
        penalty_every: steps from one R1 to the next, which then counts for all of them (Karras et al., "Analyzing and
            Improving the Image Quality of StyleGAN", CVPR 2020); it costs half a step.
        identity: weight of 1 - cos(f(ŷ), f(y)), f being ArcFace; its weights have to be given.
        reconstruct_with_skips: let ȳ use the dynamic skips; right where the domains are close.
        mirror_style: show E_s the mirrored target picture half of the time.
        oversample_rare: repeat rare style codes when the style sampler is fitted (see `training.sampler.with_rare`).
        use_skips: False, for an ablation, trains a generator whose masks are nought everywhere.
        limits: at most so many pictures of a folder, by its name.
        steps: length of a run.
    """

    source: str
    target: str
    data: str
    inferred: bool = False
    translator: TranslatorParams = PUBLISHED
    discriminator: DiscriminatorParams = field(default_factory=DiscriminatorParams)
    batch: int = 16
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
    ema: float = 0.999
    adversarial: float = 1.0
    content: float = 1.0
    style: float = 50.0
    mask: float = 1.0
    reconstruction: float = 1.0
    perceptual: float = 0.3
    perceptual_net: str = "vgg19"
    penalty: float = 1.0
    penalty_every: int = 16
    identity: float = 0.0
    reconstruct_with_skips: bool = False
    mirror_style: bool = True
    oversample_rare: bool = False
    use_skips: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)
    steps: int = 75_000

    @property
    def name(self) -> str:
        """What the user types."""
        return f"{self.source}2{self.target}"


_LAYER_4, _LAYER_5 = DiscriminatorParams(style_layer=4), DiscriminatorParams(style_layer=5)
_AFHQ = {"cat": 4000, "dog": 4000, "wild": 4000}
_PUBLISHED_TASKS = (
    PaperRecipe(
        "male",
        "female",
        "CelebA-HQ",
        discriminator=_LAYER_5,
        oversample_rare=True,
        reconstruct_with_skips=True,
        mirror_style=False,
    ),
    PaperRecipe("cat", "dog", "AFHQ, 4000 each", discriminator=_LAYER_4, oversample_rare=True, limits=_AFHQ),
    PaperRecipe(
        "cat",
        "face",
        "AFHQ cats, 4000; CelebA-HQ",
        discriminator=_LAYER_5,
        oversample_rare=True,
        mirror_style=False,
        identity=1.0,
        limits=_AFHQ,
    ),
    PaperRecipe(
        "bird",
        "car",
        "ImageNet birds 10-13, cars 436, 511, 627 and 656, 600 of each class",
        discriminator=_LAYER_4,
    ),
)


def _inferred(like: PaperRecipe, source: str, target: str, data: str, **switches: bool | float) -> PaperRecipe:
    return replace(like, source=source, target=target, data=data, inferred=True, **switches)  # type: ignore[arg-type]


_GENDER, _ANIMAL, _TO_FACE, _FAR = _PUBLISHED_TASKS
_INFERRED_TASKS = (
    _inferred(_GENDER, "female", "male", "CelebA-HQ"),
    *(
        _inferred(_ANIMAL, source, target, "AFHQ, 4000 each")
        for source, target in (("dog", "cat"), ("dog", "wild"), ("wild", "dog"), ("cat", "wild"), ("wild", "cat"))
    ),
    _inferred(_ANIMAL, "face", "cat", "CelebA-HQ; AFHQ cats, 4000 each"),
    _inferred(_ANIMAL, "face", "dog", "CelebA-HQ; AFHQ dogs, 4000 each"),
    _inferred(_TO_FACE, "dog", "face", "AFHQ dogs, 4000; CelebA-HQ"),
    _inferred(_FAR, "bird", "dog", "ImageNet birds 10-13, and dogs; 600 of each class"),
    _inferred(_FAR, "dog", "bird", "ImageNet dogs, and birds 10-13; 600 of each class"),
    _inferred(_FAR, "car", "bird", "ImageNet cars 436, 511, 627 and 656, birds 10-13; 600 of each class"),
    _inferred(_TO_FACE, "face", "metface", "CelebA-HQ; MetFaces", reconstruct_with_skips=True),
)
# The seventeen tasks of the published models, four with published switches, thirteen with inferred ones.
PAPER_TASKS: Mapping[str, PaperRecipe] = {recipe.name: recipe for recipe in (*_PUBLISHED_TASKS, *_INFERRED_TASKS)}


@dataclass(frozen=True)
class PriorRecipe:
    """Hyper-parameters of a class-conditional BigGAN trained from nothing: the small family's prior.

    Not in the paper, which takes a BigGAN trained on ImageNet.

    Attributes:
        resolution: side of the pictures; 128 or 64.
        classes: number of classes.
        latent_dim: length of a latent code, and of a class embedding.
        width: BigGAN's channel width; the deepest maps have 16 times as many.
        encoder: shape of the encoder from a picture to a latent code.
        discriminator: shape of the projected discriminator.
        batch: real pictures a step; all of them are reconstructed from the codes that the encoder infers.
        crossed: how many of those codes are also drawn as another class.
        sampled: fresh latent codes a step, each drawn as two classes.
        turned_every: of how many pictures one is turned and zoomed into, so that poses vary in every class alike; none
            is for 0.
        learning_rate: Adam's, with betas (0, 0.99), for G and the encoder.
        discriminator_learning_rate: the same for D.
        ema: decay of the average of G and the encoder that is kept.
        adversarial: weight of the hinge loss.
        reconstruction: weight of feature distance plus low-pass colour distance.
        colour: weight of the latter within the sum.
        divergence: weight of KL(code | picture, N(0, I)), summed over the code.
        latent: weight of || E(G(z, l)) - z ||² for fresh codes and for inferred ones in another class:
            every code must show, in every class.
        structure: weight of the difference in self-similarity between two classes drawn from one code.
    """

    resolution: int = 128
    classes: int = 4
    latent_dim: int = 64
    width: int = 32
    encoder: CodeEncoderParams = field(default_factory=CodeEncoderParams)
    discriminator: ProjectedDiscriminatorParams = field(
        default_factory=lambda: ProjectedDiscriminatorParams(head_width=96, classes=4)
    )
    batch: int = 8
    crossed: int = 4
    sampled: int = 4
    turned_every: int = 2
    learning_rate: float = 6e-4
    discriminator_learning_rate: float = 2e-4
    ema: float = 0.998
    adversarial: float = 0.8
    reconstruction: float = 10.0
    colour: float = 3.0
    divergence: float = 0.01
    latent: float = 3.0
    structure: float = 2.0


PRIOR_SMALL = PriorRecipe(resolution=64)
