"""One training on several processes of a machine.

    with together(2, learn, *arguments):
        learn(*arguments)

Every process goes through the whole training and draws the same random numbers; only what a
player's networks compute is divided. Each process passes its share of a batch's rows through a
network and gets the others' outputs from them, so that losses, pools and penalties see the whole
batch, as in one process. Sums are added in another order, so numbers differ by rounding.

A player's gradient is the mean over the processes. Where gradients enter a divided network they are
multiplied by the number of processes, and divided by it where they leave: then the mean is right
for what is divided and for what every process computes whole, and for gradients of gradients.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from maskbench.errors import MaskbenchError

_PATIENCE = timedelta(minutes=10)  # with processes that do not answer
_Norm = nn.modules.batchnorm._BatchNorm


def count() -> int:
    """How many processes this training has."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the process that writes files."""
    return not dist.is_initialized() or dist.get_rank() == 0


def wait() -> None:
    """Go on when all processes are here."""
    if count() > 1:
        dist.barrier()


@contextmanager
def together(processes: int, work: Callable[..., object], *args: Any) -> Iterator[None]:
    """Be the first of so many processes; the others call ``work`` with the same arguments.

    Args:
        processes: their number; with one nothing happens.
        work: a function of a module; it does in each process what the block does in this one.

    Raises:
        MaskbenchError: another process failed, and has said why on standard error; fewer GPUs than
            processes.
    """
    if processes == 1:
        yield
        return
    if 0 < (gpus := torch.cuda.device_count()) < processes:
        what = f"{processes} processes need as many GPUs, of which there are {gpus}"
        raise MaskbenchError("training", what, f"start {gpus}")
    # Forks of this process would share torch's locks.
    context = multiprocessing.get_context("forkserver")
    with tempfile.TemporaryDirectory() as folder:
        others = [
            context.Process(
                target=_other, args=(rank, processes, folder, work, args), daemon=True
            )
            for rank in range(1, processes)
        ]  # fmt: skip
        try:
            for other in others:
                other.start()
            _join(0, processes, folder)
            yield
            for other in others:
                other.join(_PATIENCE.total_seconds())
        except RuntimeError as error:  # as torch says that a connection is broken
            for other in others:
                other.join(1)  # it may have failed a moment ago
            failed = [rank for rank, other in enumerate(others, 1) if other.exitcode]
            if not failed:
                raise
            what = f"process {failed[0]} of {processes} ended unexpectedly"
            way_out = "see the log above, check memory, or train with fewer processes"
            raise MaskbenchError("training", what, way_out) from error
        finally:
            for other in others:
                other.kill()
                other.join()
            if dist.is_initialized():
                dist.destroy_process_group()


def _other(
    rank: int, processes: int, folder: str, work: Callable[..., object], args: tuple[Any, ...]
) -> None:
    _join(rank, processes, folder)
    work(*args)
    dist.destroy_process_group()


def _join(rank: int, processes: int, folder: str) -> None:
    """Meet the others; on a machine with GPUs each process has its own."""
    if torch.cuda.is_available():
        torch.cuda.set_device(rank)
    dist.init_process_group(
        "nccl" if torch.cuda.is_available() else "gloo", rank=rank, world_size=processes,
        init_method=f"file://{folder}/meeting", timeout=_PATIENCE,
    )  # fmt: skip


def divide(network: nn.Module) -> None:
    """Let a network compute this process's share of each batch, where there are several processes.
    What goes in and comes out are tensors whose first axis is the batch, and anything else.

    Batch normalisation takes its statistics over the whole batch, and dropout draws for it.

    Raises:
        MaskbenchError: when it is called, for a batch that cannot be divided.
    """
    if count() == 1:
        return
    for module in network.modules():
        if isinstance(module, _Norm):
            module.forward = partial(_normalised, module)  # type: ignore[method-assign]
        elif isinstance(module, nn.modules.dropout._DropoutNd):
            module.forward = partial(_dropped, module)  # type: ignore[method-assign]
    whole = network.forward

    def forward(*args: Any, **named: Any) -> Any:
        args, named = tree_map_only(Tensor, _Share.apply, (args, named))
        return tree_map_only(Tensor, _Whole.apply, whole(*args, **named))

    network.forward = forward  # type: ignore[method-assign]


def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Replace gradients by their means over the processes."""
    if count() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = _sum(torch.cat([gradient.flatten() for gradient in gradients])) / count()
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, mean in zip(gradients, flat.split(sizes), strict=True):
        gradient.copy_(mean.view_as(gradient))


class _Share(torch.autograd.Function):
    """The whole batch (B, ...) -> this process's rows (B / processes, ...)."""

    @staticmethod
    def forward(ctx: Any, batch: Tensor) -> Tensor:
        return _rows(batch)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return _Whole.apply(gradient) / count()


class _Whole(torch.autograd.Function):
    """Each process's rows -> the whole batch, in each process."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [rows.new_empty(rows.shape) for _ in range(count())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return _Share.apply(gradient) * count()


class _Sum(torch.autograd.Function):
    """The sum over the processes, in each of them."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _sum(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return _Sum.apply(gradient)


def _sum(value: Tensor) -> Tensor:
    total = value.detach().clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


def _rows(batch: Tensor) -> Tensor:
    if len(batch) % count():
        what = f"a batch of {len(batch)} pictures cannot be shared by {count()} processes"
        way_out = f"choose batch sizes that are multiples of {count()}, or train on one process"
        raise MaskbenchError("training", what, way_out)
    return batch.chunk(count())[dist.get_rank()]


def _normalised(norm: Any, x: Tensor) -> Tensor:
    """Batch normalisation (B, C, ...) with the statistics of all processes' rows (Ioffe and Szegedy
    2015; torch's SyncBatchNorm has no version for the CPU, and no second derivative)."""
    if not norm.training:
        return type(norm).forward(norm, x)
    axes, number = [0, *range(2, x.dim())], x.numel() // x.shape[1] * count()
    shape = (1, -1, *[1] * (x.dim() - 2))
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    mean = _Sum.apply(wide.sum(axes)) / number
    centred = wide - mean.view(shape)
    variance = _Sum.apply(centred.square().sum(axes)) / number
    with torch.no_grad():
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (number / max(1, number - 1)), norm.momentum)
    gain, shift = norm.weight.view(shape), norm.bias.view(shape)
    return (centred * (variance + norm.eps).rsqrt().view(shape) * gain + shift).to(x.dtype)


def _dropped(dropout: Any, x: Tensor) -> Tensor:
    """Dropout of this process's rows, as it is drawn for the whole batch."""
    if not dropout.training:
        return x
    whole = torch.ones_like(x).repeat(count(), *[1] * (x.dim() - 1))
    return x * _rows(F.dropout(whole, dropout.p))
