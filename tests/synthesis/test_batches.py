import numpy as np
import pytest
import torch

from maskbench.errors import MaskbenchError
from maskbench.imaging.augmentation import Augmentation, move
from maskbench.imaging.tensors import resize
from maskbench.synthesis.base import mask_textures
from maskbench.synthesis.batches import Batches, load
from maskbench.training.seeding import Order

STILL = Augmentation(translation=0, rotation=0, scaling=0, flip=False)


def batches(small, match="styles", ranges=STILL, seed=0, styles=None, borrow=0.0):
    faces, masked, pictures = small.opened()
    return Batches(
        faces, masked, pictures, styles=styles or small.styles, size=24, match=match,
        ranges=ranges, borrow=borrow, seed=seed, device=torch.device("cpu"),
    )  # fmt: skip


def test_training_people_alone(small):
    faces, masked, _ = small.opened()
    made = batches(small)
    assert set(faces.faces["split"].iloc[made.face_rows]) == {"train"}
    assert len(made.face_rows) == (faces.faces["split"] == "train").sum()
    assert set(masked.faces["split"].iloc[made.real_rows]) == {"train"}


def test_styles_kept_for_the_test_are_not_drawn_from_the_real_domain(small):
    _, masked, _ = small.opened()
    made = batches(small, styles=small.styles[:2])
    assert set(masked.faces["style"].iloc[made.real_rows]) == set(small.styles[:2])
    assert made.textures.shape[0] == 2


def test_real_pictures_have_the_fake_ones_styles(small):
    made = batches(small, "styles")
    batch = made.draw(8)
    for style, real in zip(batch.styles.tolist(), batch.real, strict=True):
        same = (made.real.float() / 255 - real).abs().amax((1, 2, 3)) < 1e-2
        assert made.style_of[same.numpy()].tolist() == [style]
    assert batch.worn.tolist() == batch.styles.tolist()


def test_matched_faces_show_the_same_face_style_and_geometry(small):
    _, masked, _ = small.opened()
    made = batches(small, "faces", Augmentation())
    batch = made.draw(6)
    bare = move(made.faces[batch.rows].float() / 255, batch.maps)
    assert torch.allclose(bare, batch.faces, atol=1e-6)
    # Outside the mask the two pictures agree.
    share = ((batch.faces - batch.real).abs().amax(1) < 0.02).float().mean((1, 2))
    assert share.min() > 0.4
    assert (made.face_of >= 0).all()
    assert made.match == "faces"
    assert len(masked) == len(made.face_of)


def test_real_domains_without_styles_fall_back_to_unmatched(small, tmp_path):
    from maskbench.config import RealDomain
    from maskbench.masks.maskedset import MaskedSet
    from maskbench.synthesis.masked_domain import masked_domain

    masked_domain(
        small.faces, small.pictures, tmp_path / "real", RealDomain(source="x"), small.styles, 0,
        real_faces=small.faces,
    )  # fmt: skip
    faces, _, pictures = small.opened()
    made = Batches(
        faces, MaskedSet.open(tmp_path / "real"), pictures, styles=small.styles, size=24,
        match="faces", ranges=STILL, seed=0, device=torch.device("cpu"),
    )  # fmt: skip
    assert made.match == "nothing"
    batch = made.draw(4)
    assert batch.real.shape == (4, 3, 24, 24)
    assert batch.worn.tolist() == [-1] * 4


@pytest.mark.parametrize(("borrow", "share"), [(0.0, 0), (0.25, 2), (1.0, 8)])
def test_a_share_of_the_faces_is_borrowed_from_the_real_domain(small, borrow, share):
    made = batches(small, "nothing", borrow=borrow)
    batch = made.draw(8)
    own = len(made.faces)
    borrowed = batch.rows >= own
    assert borrowed.sum() == share
    pool = torch.cat([made.faces, made.real]).float() / 255
    assert torch.allclose(batch.faces, pool[batch.rows], atol=1e-6)
    again, maps = made.again(batch, Augmentation())
    assert torch.allclose(again, move(pool[batch.rows], maps), atol=1e-6)
    # In an order of its own: the same pictures are not on both sides of every batch.
    if share:
        assert not torch.equal(batch.faces[borrowed], batch.real[borrowed])


def test_matched_faces_are_never_borrowed(small):
    made = batches(small, "faces", borrow=1.0)
    assert (made.draw(8).rows < len(made.faces)).all()


def test_an_empty_domain_is_named(small):
    with pytest.raises(MaskbenchError, match=r"masked.*no picture of split train"):
        faces, masked, pictures = small.opened()
        masked.faces["split"] = "test"
        Batches(
            faces, masked, pictures, styles=small.styles, size=24, match="styles", ranges=STILL,
            seed=0, device=torch.device("cpu"),
        )  # fmt: skip


def test_the_order_goes_on_from_its_state(small):
    first, second = batches(small, ranges=Augmentation()), batches(small, ranges=Augmentation())
    first.draw(5)
    second.load_state_dict(first.state_dict())
    one, other = first.draw(7), second.draw(7)
    assert torch.equal(one.faces, other.faces)
    assert torch.equal(one.real, other.real)
    assert torch.equal(one.styles, other.styles)
    assert not torch.equal(batches(small, seed=1).draw(7).faces, batches(small).draw(7).faces)


def test_an_epoch_shows_every_row_once():
    order = Order(10, np.random.default_rng(0))
    rows = order.take(7) + order.take(13)
    assert sorted(rows[:10]) == sorted(rows[10:]) == list(range(10))
    assert rows[:10] != rows[10:]


def test_resizing_averages_and_loading_is_the_same_in_any_chunks_and_places(small, tmp_path):
    faces, _, pictures = small.opened()
    image = torch.rand(1, 3, 8, 8)
    by_hand = image.view(1, 3, 4, 2, 4, 2).mean((3, 5))
    assert torch.allclose(resize(image, 4), by_hand)
    assert resize(image, 8) is image
    flat = torch.full((1, 3, 9, 9), 0.4)
    assert torch.allclose(resize(flat, 6), torch.full((1, 3, 6, 6), 0.4))
    rows = np.arange(7)
    loaded = load(faces.images, rows, 20)
    assert torch.equal(load(faces.images, rows, 20, 2), loaded)
    for _ in range(2):  # over the file of a training that was stopped
        assert torch.equal(load(faces.images, rows, 20, file=tmp_path / "new" / "bare"), loaded)
    assert (tmp_path / "new" / "bare").stat().st_size == 7 * 3 * 20 * 20
    textures = mask_textures(pictures, small.styles, 24)
    assert textures.shape == (4, 4, 24, 24)
    assert (textures[:, :3] <= textures[:, 3:] + 1e-6).all()
