"""Makes recurrent.json: outputs and gradients of torch.nn.LSTM and torch.nn.GRU in doubles.

    python3 recurrent.py > recurrent.json

Weights are inputs × (gates · hidden): the transposes of weight_ih_l0 and weight_hh_l0. The loss is
the sum of the outputs times `r`, so that the gradient with respect to them is `r`.
"""

import json

import torch

torch.set_default_dtype(torch.float64)
BATCH, INPUTS, HIDDEN, TIME = 2, 3, 4, 5


def case(name, kind, seed):
    torch.manual_seed(seed)
    net = kind(INPUTS, HIDDEN, batch_first=True)
    x = torch.randn(BATCH, INPUTS, TIME, requires_grad=True)
    r = torch.randn(BATCH, HIDDEN, TIME)
    y = net(x.transpose(1, 2))[0].transpose(1, 2)
    (y * r).sum().backward()
    flat = lambda t: [round(v, 12) for v in t.detach().flatten().tolist()]
    parts = {"input": ("weight_ih_l0", "bias_ih_l0"), "recurrent": ("weight_hh_l0", "bias_hh_l0")}
    products = [
        {
            "weights": flat(getattr(net, w).t()),
            "bias": flat(getattr(net, b)),
            "d_weights": flat(getattr(net, w).grad.t()),
            "d_bias": flat(getattr(net, b).grad),
        }
        for w, b in parts.values()
    ]
    return {"op": name, "x": flat(x), "r": flat(r), "y": flat(y), "dx": flat(x.grad), "products": products}


shape = {"batch": BATCH, "inputs": INPUTS, "hidden": HIDDEN, "time": TIME}
cases = [case("lstm", torch.nn.LSTM, 1), case("gru", torch.nn.GRU, 2)]
print(json.dumps({"torch": torch.__version__.split("+")[0], **shape, "cases": cases}))
