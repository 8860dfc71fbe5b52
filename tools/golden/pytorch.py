"""Writes small PyTorch files for the reader of state dicts, and the values that it must find.

usage: pytorch.py OUT_DIR
Every file holds the same tensors: one per type, a transposed view, a view with an offset, and two that share a storage.
"""

import json, os, pickle, sys
import torch


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1
    state = dict(
        f32=base,
        transposed=base.t(),
        offset=base[1:3, 2:5],
        column=base[:, 3],
        shared=base[0],
        f16=base.half(),
        bf16=base.bfloat16(),
        f64=base.double(),
        scalar=torch.tensor(2.5),
        expanded=torch.tensor([[1.5], [2.5]]).expand(2, 3),
        parameter=torch.nn.Parameter(base[:2] * 3),
        position_ids=torch.arange(5)[None],
    )
    return state


def main():
    out = sys.argv[1]
    state = tensors()
    torch.save(state, f'{out}/state.bin')
    torch.save(state, f'{out}/legacy.bin', _use_new_zipfile_serialization=False)
    # Types that are not read as weights: with a storage class of their own, and without one (`_rebuild_tensor_v3`).
    others = dict(
        float8=torch.zeros(2, 3).to(torch.float8_e4m3fn),
        uint16=torch.zeros(3, dtype=torch.uint16),
        complex64=torch.zeros(2, dtype=torch.complex64),
        complex128=torch.zeros(1, dtype=torch.complex128),
        f32=torch.arange(3, dtype=torch.float32),
    )
    torch.save(others, f'{out}/otherTypes.bin')
    torch.save(others, f'{out}/otherTypesLegacy.bin', _use_new_zipfile_serialization=False)
    module = torch.nn.Linear(3, 2)
    torch.nn.init.constant_(module.weight, 0.5)
    torch.nn.init.constant_(module.bias, -1)
    torch.save(module.state_dict(), f'{out}/module.bin')
    torch.save(module, f'{out}/wholeModule.bin')
    with open(f'{out}/command.bin', 'wb') as file:
        pickle.dump(Command(), file, protocol=2)
    values = {
        name: dict(shape=list(t.shape), values=t.detach().float().flatten().tolist())
        for name, t in state.items()
        if name != 'position_ids'
    }
    with open(f'{out}/state.json', 'w') as file:
        json.dump(dict(madeBy=f'tools/golden/pytorch.py, torch {torch.__version__}', tensors=values), file)
        file.write('\n')


class Command:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ('echo this must never run',)


main()
