"""Puzzle-GAN on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import PuzzleGame, PuzzleGAN
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="puzzle",
    title=Text("Puzzle-GAN", "퍼즐 GAN"),
    year=2022,
    paper="Li et al., JigsawGAN, 2022",
    paper_url="https://arxiv.org/abs/2101.07555",
    release="puzzlegan-avatars",
    tab="puzzle",
    place=(3, 5),
    formula=Formula(
        "G({p<sub>1</sub>, …, p<sub>N</sub>})",
        "max<sub>π</sub> Σ<sub>i</sub> S<sub>i,π(i)</sub><br>V(D, G) + λ E|G(p, π) − x|",
    ),
    idea=Text(
        "An encoder reads the pieces of an image as a set, without any order. Each piece is "
        "assigned to a cell, and a generator paints what is missing. The discriminator judges the "
        "whole image.",
        "인코더가 이미지 조각들을 순서 없는 집합으로 읽습니다. 조각마다 칸을 하나씩 배정하고, "
        "빠진 곳은 생성자가 그립니다. 판별자는 이미지 전체를 보고 판단합니다.",
    ),
    good=Text(
        "placing shuffled pieces of images like those it was trained on, and filling in gaps.",
        "학습한 것과 비슷한 이미지의 섞인 조각을 제자리에 놓고 빈 곳을 채웁니다.",
    ),
    bad=Text(
        "other kinds of pictures, and details that no piece tells: it paints a likely one.",
        "다른 종류의 그림에는 약합니다. 어느 조각에도 없는 세부는 그럴듯하게 지어냅니다.",
    ),
    after={"gan": Text("from pieces", "조각에서 이미지로")},
    pace=1,
    tour=TourStep(
        title=Text("From shuffled pieces to a face", "섞인 조각에서 얼굴로"),
        look=Text(
            "The pieces of a face are shuffled and some are missing. The model is told no "
            "positions: it places each piece by what is on it and paints the rest.",
            "얼굴 조각들이 섞여 있고 몇 개는 빠져 있습니다. 모델은 조각의 위치를 모릅니다. 조각에 "
            "무엇이 있는지만 보고 자리를 정하고, 나머지는 그려 넣습니다.",
        ),
        attempt=Text(
            "swap two pieces, then press Restore.",
            "조각 두 개를 맞바꾼 다음 복원을 눌러 보세요.",
        ),
        parts=(
            "puzzle-board",
            "puzzle-restored",
            "puzzle-restore",
        ),
    ),
)


@recipe
def puzzlegan_avatars() -> Recipe:
    return Recipe(
        summary="Faces restored from shuffled pieces, up to a third of them missing",
        card=CARD,
        model=PuzzleGAN,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            grids=(2, 3, 4),
            d=128,
            n_heads=4,
            n_layers=3,
            encoder_width=32,
            width=48,
            n_blocks=4,
        ),
        objective=PuzzleGame,
        objective_kwargs=dict(
            lr=0.0004,
            lr_critic=0.0004,
            width=32,
            turns=(3, 2, 3, 4),
            lambda_rec=20.0,
            lambda_place=1.0,
            gamma=1.0,
            r1_interval=8,
        ),
        data="avatars",
        settings=Settings(
            images=30_000,
            batch_size=8,
            ema=0.999,
            precision="bfloat16",
            evaluate_every=10_000,
            save_every=2_000,
            log_every=400,
        ),
        smoke={
            "images": 64,
            "batch_size": 16,
            "model.d": 8,
            "model.encoder_width": 2,
            "model.width": 2,
            "model.n_blocks": 1,
            "objective.width": 2,
        },
        targets=(
            Target("placed_3x3", ">=", 95.0, unit="%", called="3 x 3 placed right, none missing"),
            Target("psnr_3x3_missing", ">=", 22.0, unit="dB", called="3 x 3, PSNR with 3 missing"),
        ),
        storage="float16",
    )
