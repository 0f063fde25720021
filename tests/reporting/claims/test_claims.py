"""How claims are written."""

import pytest
import yaml

from maskbench.errors import MaskbenchError
from maskbench.reporting.papers import read_paper
from maskbench.reporting.papers.claims import Claim, expand

WORDS = {"where": "section 1", "says": "In our words."}
SIDE = {"method": "gan_stn", "metric": "ssim"}


def written(left=SIDE, relation=">", right=0, **more):
    return {"id": "claim", **WORDS, "left": left, "relation": relation, "right": right, **more}


def test_for_each_makes_every_combination():
    side = {"method": "{loss}", "metric": "{metric}", "training_set": "{masks}"}
    claims = expand(
        [
            written(
                left=side,
                right=side | {"training_set": "bare"},
                id="{loss}_{masks}_{metric}",
                says="With {title} on {masks}.",
                for_each={
                    "loss": [
                        {"loss": "softmax", "title": "Softmax"},
                        {"loss": "arcface", "title": "ArcFace"},
                    ],
                    "masks": ["keypoint"],
                    "metric": ["auc", "tar_at_far_1e-3"],
                },
            )
        ],
        "paper.yaml",
    )
    found = {one["id"]: Claim(**one) for one in claims}
    assert list(found) == [
        "softmax_keypoint_auc", "softmax_keypoint_tar_at_far_1e3",
        "arcface_keypoint_auc", "arcface_keypoint_tar_at_far_1e3",
    ]  # fmt: skip
    last = found["arcface_keypoint_tar_at_far_1e3"]
    assert last.says == "With ArcFace on keypoint."
    assert (last.left.metric, last.right.training_set) == ("tar_at_far_1e-3", "bare")


@pytest.mark.parametrize(
    ("for_each", "message"),
    [
        ({"loss": []}, "claim.for_each: not lists of values"),
        (["softmax"], "claim.for_each: not lists of values"),
        ({"los": ["softmax"]}, "loss: unknown name; did you mean los"),
    ],
)
def test_a_wrong_for_each_names_the_place(for_each, message):
    with pytest.raises(MaskbenchError, match=message):
        expand([written(left={"method": "{loss}"}, for_each=for_each)], "paper.yaml")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (written(relation="="), "claims.0.relation"),
        (written(id="Two Words"), "claims.0.id"),
        (written(right="0.5"), "claim.right: not a quantity: '0.5'"),
        (written(left=0.5), "claim.left: not a quantity"),
        (written(left={"method": "gan_stn", "metrik": "ssim"}), "did you mean metric"),
        (
            written(left={"rank_correlation": ["is", "ssim"], "methods": ["a", "b"]}),
            "claim.left: methods: ",
        ),
    ],
)
def test_a_wrong_claim_names_the_place(wrong, message):
    text = yaml.safe_dump({"title": "A paper", "order": 1, "claims": [wrong]})
    with pytest.raises(MaskbenchError, match=rf"(?s)paper.yaml: .*{message}"):
        read_paper(text, "paper.yaml")
