"""Networks that can be trained here."""

from typing import Any

from maskbench.recognition.specs import BACKBONES, BackboneSpec

OWN = "recognition.backbones"


def _register(module: str, name: str, title: str, paper: str, **facts: Any) -> None:
    made_by = f"maskbench.{module}:{name}"
    spec = BackboneSpec(name=name, title=title, paper=paper, implementation=made_by, **facts)
    BACKBONES.register(spec)


for _layers in (18, 50):
    _register(
        "networks.iresnet", f"iresnet{_layers}", f"IResNet-{_layers}",
        "Deng et al. 2019; Duta et al. 2020", dim=512, has_width=True,
    )  # fmt: skip
_register(f"{OWN}.mobilefacenet", "mobilefacenet", "MobileFaceNet", "Chen et al. 2018", dim=128)
_IMAGENET: dict[str, Any] = {
    "mean": (123.675, 116.28, 103.53), "deviation": (58.395, 57.12, 57.375),
}  # fmt: skip
_register(
    f"{OWN}.resnet50", "resnet50", "ResNet-50, extended", "He et al. 2016", dim=512, **_IMAGENET
)
_register(
    f"{OWN}.vgg16", "vgg16", "VGG-16", "Simonyan & Zisserman 2015; paper 2, section 4", dim=128,
    has_width=True, **_IMAGENET,
)  # fmt: skip
_register(
    f"{OWN}.inception_resnet", "inception_resnet_v1", "Inception-ResNet-v1",
    "Szegedy et al. 2017; Schroff et al. 2015", dim=512, deviation=(128.0, 128.0, 128.0),
)  # fmt: skip
