"""Networks that can be trained here."""

from maskbench.recognition.specs import BACKBONES, BackboneSpec

_FOLDER = "maskbench.recognition.backbones"

for _layers in (18, 50):
    BACKBONES.register(
        BackboneSpec(
            name=f"iresnet{_layers}",
            title=f"IResNet-{_layers}",
            paper="Deng et al. 2019; Duta et al. 2020",
            implementation=f"{_FOLDER}.iresnet:iresnet{_layers}",
            dim=512,
            has_width=True,
        )
    )

BACKBONES.register(
    BackboneSpec(
        name="mobilefacenet",
        title="MobileFaceNet",
        paper="Chen et al. 2018",
        implementation=f"{_FOLDER}.mobilefacenet:mobilefacenet",
        dim=128,
    )
)

BACKBONES.register(
    BackboneSpec(
        name="resnet50",
        title="ResNet-50, extended",
        paper="He et al. 2016",
        implementation=f"{_FOLDER}.resnet50:resnet50",
        dim=512,
        mean=(123.675, 116.28, 103.53),
        deviation=(58.395, 57.12, 57.375),
    )
)

BACKBONES.register(
    BackboneSpec(
        name="inception_resnet_v1",
        title="Inception-ResNet-v1",
        paper="Szegedy et al. 2017; Schroff et al. 2015",
        implementation=f"{_FOLDER}.inception_resnet:inception_resnet_v1",
        dim=512,
        deviation=(128.0, 128.0, 128.0),
    )
)
