from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.tiny import FAST, tiny_pictures
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.image_bank import ImageBank

PICTURES, _ = tiny_pictures(20)
IMAGES = PICTURES.float() / 255


def test_an_index_or_a_slice_gives_images_of_the_unit_range():
    bank = ImageBank(PICTURES)
    assert len(bank) == 20
    assert bank.shape == (3, 16, 16)
    assert torch.equal(bank[torch.tensor([3, 0])], IMAGES[[3, 0]])
    assert torch.equal(bank[5:8], IMAGES[5:8])


def test_chosen_pictures_keep_the_order_they_were_chosen_in():
    bank = ImageBank(PICTURES, EXACT, torch.tensor([7, 2, 9]))
    assert len(bank) == 3
    assert torch.equal(bank[:], IMAGES[[7, 2, 9]])
    assert torch.equal(bank[torch.tensor([2, 0])], IMAGES[[9, 7]])


def test_pictures_on_disk_are_read_as_they_are_asked_for(tmp_path):
    stored = np.memmap(tmp_path / "pictures", dtype=np.uint8, mode="w+", shape=tuple(PICTURES.shape))
    stored[:] = PICTURES.numpy()
    bank = ImageBank(torch.from_numpy(stored), EXACT, torch.arange(4, 16))
    assert torch.equal(bank[:], IMAGES[4:16])
    stored[4] = 0
    assert float(bank[:1].max()) == 0


@pytest.mark.parametrize("batch", [1, 6, 20, 64])
def test_through_joins_the_batches_in_order(batch):
    bank = ImageBank(PICTURES, Execution(torch.device("cpu"), batch=batch))
    sizes = []

    def means(images):
        sizes.append(len(images))
        return images.mean(dim=(2, 3))

    torch.testing.assert_close(bank.through(means), IMAGES.mean(dim=(2, 3)))
    assert sizes == [min(batch, 20 - start) for start in range(0, 20, batch)]


def test_through_leaves_no_graph_but_an_ordinary_tensor():
    layer = torch.nn.Linear(3, 2)
    found = ImageBank(PICTURES, FAST).through(lambda images: layer(images.mean(dim=(2, 3))))
    assert not found.requires_grad
    assert not found.is_inference()


def test_the_digest_is_of_the_chosen_pictures_in_their_order():
    chosen = [torch.arange(10), torch.arange(10).flip(0), torch.arange(9)]
    digests = [ImageBank(PICTURES, EXACT, index).digest() for index in chosen]
    assert len(set(digests)) == 3
    assert ImageBank(PICTURES[:10].clone()).digest() == digests[0]
    other = PICTURES.clone()
    other[4, 0, 0, 0] ^= 1
    assert ImageBank(other, EXACT, chosen[0]).digest() != digests[0]


@pytest.mark.parametrize(
    "pictures",
    [IMAGES * 255, IMAGES - 0.5, IMAGES * torch.nan],
    ids=["255", "negative", "nan"],
)
def test_images_out_of_range_are_refused(pictures):
    with pytest.raises(BadInput, match="Image values must lie between 0 and 1."):
        ImageBank(pictures)
