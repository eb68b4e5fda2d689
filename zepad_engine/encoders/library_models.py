"""Which nets of torchvision and timm are known: the names of their tensors that give them away, and their sizes.

The number of weights without the classifier picks the model out of its group, so that seldom more than one has to be
built to compare shapes. tests/engine/encoders/test_library_nets.py builds them all and compares the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Library = Literal["torchvision", "timm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Nets of one library whose tensors are named alike.

    Attributes:
        library: who builds them.
        net: the family; that of timm's EfficientNets also holds MobileNets, ``net_of`` tells them apart.
        anchors: names that each of them has.
        own: how the names begin that belong to the net; what else lies under its prefix is a classifier.
        models: the builders' names, each with its number of trained weights without the classifier. Of models with
            the same shapes the first is taken unless the settings name another.
        alike: what models with the same shapes differ in.
        renames: pattern and replacement for files whose writer named the same tensors otherwise.
    """

    library: Library
    net: str
    anchors: tuple[str, ...]
    own: re.Pattern[str]
    models: Mapping[str, int]
    alike: str = ""
    renames: tuple[tuple[str, str], ...] = ()


def net_of(group: Group, model: str) -> str:
    """The family of a model."""
    return "mobilenet" if model.removeprefix("tf_").startswith("mobilenet") else group.net


def _models(listed: str) -> dict[str, int]:
    words = listed.split()
    return {model: int(count) for model, count in zip(words[::2], words[1::2], strict=True)}


_EFFICIENTNETS = (4007548, 6513184, 7700994, 10696232, 17548616, 28340784, 40735704, 63786960)
_LITE = (3371008, 4135680, 4811072, 6916096, 11725568)
_EDGE: Final = {"es": 4157392, "em": 5618496, "el": 9052712}

_CONVNEXT = _models(
    """convnext_atto 3374520 convnext_atto_ols 3381912 convnext_femto 4832784 convnext_femto_ols 4841520
    convnext_pico 8532672 convnext_pico_ols 8548928 convnext_nano 14952560 convnext_nano_ols 15008560
    convnext_tiny 27820128 convnext_tiny_hnf 27820128 convnext_small 49454688 convnext_base 87566464
    convnext_large 196230336 convnext_large_mlp 198591168 convnext_xlarge 348147968
    convnextv2_atto 3387400 convnextv2_femto 4848240 convnextv2_pico 8553280 convnextv2_nano 14982800
    convnextv2_tiny 27866496 convnextv2_small 49549440 convnextv2_base 87692800 convnextv2_large 196419840
    convnextv2_huge 657472640"""
)
_EFFICIENTNET_TIMM = {
    **{f"{maker}efficientnet_b{size}": n for maker in ("", "tf_") for size, n in enumerate(_EFFICIENTNETS)},
    **{f"{maker}efficientnet_lite{size}": n for maker in ("", "tf_") for size, n in enumerate(_LITE)},
    **{f"{maker}efficientnet_{size}": n for maker in ("", "tf_") for size, n in _EDGE.items()},
    **_models(
        """efficientnet_blur_b0 4007548
        efficientnetv2_s 20177488 efficientnetv2_m 52858356 efficientnetv2_l 117234272
        efficientnetv2_rw_t 12624388 efficientnetv2_rw_s 22148296 efficientnetv2_rw_m 51083442
        tf_efficientnetv2_s 20177488 tf_efficientnetv2_m 52858356 tf_efficientnetv2_l 117234272
        tf_efficientnetv2_b0 5858704 tf_efficientnetv2_b1 6860052
        tf_efficientnetv2_b2 8687086 tf_efficientnetv2_b3 12821406
        mobilenetv2_035 396128 mobilenetv2_050 687680 mobilenetv2_075 1355424 mobilenetv2_100 2223872
        mobilenetv2_110d 3235520 mobilenetv2_120d 4550144 mobilenetv2_140 4315776
        mobilenetv3_small_050 568224 mobilenetv3_small_075 1016872 mobilenetv3_small_100 1517856
        mobilenetv3_large_075 2712528 mobilenetv3_large_100 4202032 mobilenetv3_rw 4198918
        tf_mobilenetv3_small_075 1016872 tf_mobilenetv3_small_100 1517856
        tf_mobilenetv3_large_075 2712528 tf_mobilenetv3_large_100 4202032
        mobilenetv4_conv_small_035 624384 mobilenetv4_conv_small_050 957952 mobilenetv4_conv_small 2493024
        mobilenetv4_conv_medium 8434512 mobilenetv4_conv_aa_medium 8434512 mobilenetv4_conv_blur_medium 8434512
        mobilenetv4_conv_large 31309864 mobilenetv4_conv_aa_large 31309864"""
    ),
}
_SWIN_TIMM = _models(
    """swin_tiny_patch4_window7_224 27519354 swin_small_patch4_window7_224 48837258
    swin_base_patch4_window7_224 86743224 swin_base_patch4_window12_384 86878584
    swin_large_patch4_window7_224 194995476 swin_large_patch4_window12_384 195198516
    swin_s3_tiny_224 27559674 swin_s3_small_224 48968298 swin_s3_base_224 70356762"""
)
_SWIN_V2_TIMM = _models(
    """swinv2_tiny_window8_256 27578154 swinv2_tiny_window16_256 27578154
    swinv2_small_window8_256 48959418 swinv2_small_window16_256 48959418
    swinv2_base_window8_256 86893816 swinv2_base_window16_256 86893816 swinv2_base_window12_192 86893816
    swinv2_base_window12to16_192to256 86893816 swinv2_base_window12to24_192to384 86893816
    swinv2_large_window12_192 195202932 swinv2_large_window12to16_192to256 195202932
    swinv2_large_window12to24_192to384 195202932"""
)
_REGNET_TIMM = _models(
    """regnetx_002 2315792 regnetx_004 4772512 regnetx_004_tv 5094976 regnetx_006 5667040 regnetx_008 6586656
    regnetx_016 8277136 regnetx_032 14287552 regnetx_040 20757248 regnetx_064 24584256 regnetx_080 37651648
    regnetx_120 43865056 regnetx_160 52229536 regnetx_320 105290560
    regnety_002 2793996 regnety_004 3903144 regnety_006 5446160 regnety_008 5494168 regnety_008_tv 5647512
    regnety_016 10313430 regnety_032 17923338 regnety_040 19557656 regnety_064 29286252 regnety_080 37163068
    regnety_080_tv 37364472 regnety_120 49581544 regnety_160 80565140 regnety_320 141333770"""
)
_DENSENET = _models("densenet121 6953856 densenet161 26472000 densenet169 12484480 densenet201 18092928")

_SWIN_OWN = re.compile(r"(patch_embed|layers|norm)\.")
_SWIN_STEM = "patch_embed.proj.weight"
# As first published a stage of Swin ended with the patch merging that timm puts at the start of the next one.
_MERGING = "layers.0.downsample.reduction.weight"
_LATE_MERGING = tuple((rf"^layers\.{at}\.downsample\.", f"layers.{at + 1}.downsample.") for at in (2, 1, 0))
_WINDOWS = "the side of the windows"

GROUPS: Final = (
    Group(
        library="torchvision",
        net="convnext",
        anchors=("features.0.0.weight", "features.1.0.layer_scale"),
        own=re.compile(r"(features|classifier\.0)\."),
        models=_models(
            "convnext_tiny 27820128 convnext_small 49454688 convnext_base 87566464 convnext_large 196230336"
        ),
    ),
    Group(
        library="torchvision",
        net="swin",
        anchors=("features.0.0.weight", "features.1.0.attn.relative_position_bias_table"),
        own=re.compile(r"(features|norm)\."),
        models=_models("swin_t 27519354 swin_s 48837258 swin_b 86743224"),
    ),
    Group(
        library="torchvision",
        net="swin",
        anchors=("features.0.0.weight", "features.1.0.attn.cpb_mlp.0.weight"),
        own=re.compile(r"(features|norm)\."),
        models=_models("swin_v2_t 27582570 swin_v2_s 48968442 swin_v2_b 86905848"),
    ),
    Group(
        library="torchvision",
        net="efficientnet",
        anchors=("features.0.0.weight", "features.1.0.block.0.0.weight"),
        own=re.compile(r"features\."),
        models={
            **{f"efficientnet_b{size}": count for size, count in enumerate(_EFFICIENTNETS)},
            **_models("efficientnet_v2_s 20177488 efficientnet_v2_m 52858356 efficientnet_v2_l 117234272"),
        },
    ),
    Group(
        library="torchvision",
        net="mobilenet",
        anchors=("features.0.0.weight", "features.1.conv.0.0.weight"),
        own=re.compile(r"features\."),
        models=_models("mobilenet_v2 2223872"),
    ),
    Group(
        library="torchvision",
        net="mobilenet",
        anchors=("features.0.0.weight", "features.1.block.0.0.weight"),
        own=re.compile(r"features\."),
        models=_models("mobilenet_v3_small 927008 mobilenet_v3_large 2971952"),
    ),
    Group(
        library="torchvision",
        net="densenet",
        anchors=("features.conv0.weight", "features.denseblock1.denselayer1.norm1.weight"),
        own=re.compile(r"features\."),
        models=_DENSENET,
    ),
    Group(
        library="torchvision",
        net="densenet",
        anchors=("features.conv0.weight", "features.denseblock1.denselayer1.norm.1.weight"),
        own=re.compile(r"features\."),
        models=_DENSENET,
        renames=((r"(denselayer\d+\.(?:norm|conv))\.(\d)\.", r"\1\2."),),
    ),
    Group(
        library="torchvision",
        net="regnet",
        anchors=("stem.0.weight", "trunk_output.block1.block1-0.f.a.0.weight"),
        own=re.compile(r"(stem|trunk_output)\."),
        models=_models(
            """regnet_x_400mf 5094976 regnet_x_800mf 6586656 regnet_x_1_6gf 8277136 regnet_x_3_2gf 14287552
            regnet_x_8gf 37651648 regnet_x_16gf 52229536 regnet_x_32gf 105290560
            regnet_y_400mf 3903144 regnet_y_800mf 5647512 regnet_y_1_6gf 10313430 regnet_y_3_2gf 17923338
            regnet_y_8gf 37364472 regnet_y_16gf 80565140 regnet_y_32gf 141333770"""
        ),
    ),
    Group(
        library="timm",
        net="convnext",
        anchors=("stem.0.weight", "stages.0.blocks.0.conv_dw.weight"),
        own=re.compile(r"(stem|stages|norm_pre|head\.norm|head\.pre_logits)\."),
        models=_CONVNEXT,
    ),
    Group(
        library="timm",
        net="convnext",
        anchors=("downsample_layers.0.0.weight", "stages.0.0.dwconv.weight"),
        own=re.compile(r"(downsample_layers|stages|norm)\."),
        models=_CONVNEXT,
        renames=(
            (r"^stages\.(\d+)\.(\d+)\.", r"stages.\1.blocks.\2."),
            (r"^downsample_layers\.0\.", "stem."),
            (r"^downsample_layers\.(\d+)\.", r"stages.\1.downsample."),
            (r"^norm\.", "head.norm."),
            (r"\.dwconv\.", ".conv_dw."),
            (r"\.pwconv(\d)\.", r".mlp.fc\1."),
            (r"\.grn\.gamma$", ".mlp.grn.weight"),
            (r"\.grn\.beta$", ".mlp.grn.bias"),
        ),
    ),
    Group(
        library="timm",
        net="swin",
        anchors=(_SWIN_STEM, "layers.0.blocks.0.attn.relative_position_bias_table"),
        own=_SWIN_OWN,
        models=_SWIN_TIMM,
    ),
    Group(
        library="timm",
        net="swin",
        anchors=(_SWIN_STEM, "layers.0.blocks.0.attn.relative_position_bias_table", _MERGING),
        own=_SWIN_OWN,
        models=_SWIN_TIMM,
        renames=_LATE_MERGING,
    ),
    Group(
        library="timm",
        net="swin",
        anchors=(_SWIN_STEM, "layers.0.blocks.0.attn.cpb_mlp.0.weight"),
        own=_SWIN_OWN,
        models=_SWIN_V2_TIMM,
        alike=_WINDOWS,
    ),
    Group(
        library="timm",
        net="swin",
        anchors=(_SWIN_STEM, "layers.0.blocks.0.attn.cpb_mlp.0.weight", _MERGING),
        own=_SWIN_OWN,
        models=_SWIN_V2_TIMM,
        alike=_WINDOWS,
        renames=_LATE_MERGING,
    ),
    Group(
        library="timm",
        net="efficientnet",
        anchors=("conv_stem.weight", "blocks.0.0.bn1.weight"),
        own=re.compile(r"(conv_stem|bn1|blocks|conv_head|bn2|norm_head)\."),
        models=_EFFICIENTNET_TIMM,
        alike="padding, anti-aliasing or the epsilon of the norms",
    ),
    Group(
        library="timm",
        net="regnet",
        anchors=("stem.conv.weight", "s1.b1.conv1.conv.weight"),
        own=re.compile(r"(stem|s\d|final_conv)\."),
        models=_REGNET_TIMM,
    ),
)
