"""zuko's side of docs/results.md: the same flows on the same rows, trained in the same way.

    python3 -m venv ~/diffeo-peers
    ~/diffeo-peers/bin/pip install torch zuko
    npm run results -- --data DIR --peers ~/diffeo-peers/bin/python

Reads one request a line from standard input and answers each with a line: the messages are in by-zuko.ts. One thread, float32.
The rows come standardized and split; training is that of diffeo's `fit`: whole batches of each epoch's permutation, the
validation loss after each epoch, and in the end the parameters with which it was lowest.
"""
import json
import math
import os
import sys
import time

for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[name] = '1'

import numpy as np
import torch
import zuko
from functools import partial

torch.set_num_threads(1)


def maf(dim, model):
    univariate = partial(zuko.transforms.MonotonicAffineTransform, slope=model.get('minScale', 1e-3))
    return zuko.flows.MAF(dim, transforms=model['layers'], hidden_features=tuple(model['hidden']), univariate=univariate)


def nsf(dim, model):
    """Neural spline flow of masked autoregressive layers."""
    return zuko.flows.MAF(dim, transforms=model['layers'], hidden_features=tuple(model['hidden']), **spline(model))


def affine_then_splines(dim, model):
    """Masked autoregressive layers, orders reversed between them: affine ones where the data are, splines behind them."""
    orders = [torch.arange(dim), torch.flipud(torch.arange(dim))]
    layers = [(model['hidden'], {})] * model['affine'] + [(model['splineHidden'], spline(model))] * model['splines']
    transforms = [
        zuko.flows.MaskedAutoregressiveTransform(dim, order=orders[k % 2], hidden_features=tuple(hidden), **more)
        for k, (hidden, more) in enumerate(layers)
    ]
    return zuko.lazy.Flow(transforms, standard_normal(dim))


def nsf_coupling(dim, model):
    """Neural spline flow of couplings: their own layer, for NSF(passes=2) would compute the parameters of all dimensions."""
    couplings = [
        zuko.flows.coupling.GeneralCouplingTransform(
            dim, mask=torch.arange(dim) % 2 == k % 2, hidden_features=tuple(model['hidden']), **spline(model)
        )
        for k in range(model['layers'])
    ]
    return zuko.lazy.Flow(couplings, standard_normal(dim))


def ncsf(dim, model):
    """Circular spline flow of angles: they come as they are."""
    return zuko.flows.NCSF(dim, bins=model['bins'], transforms=model['layers'], hidden_features=tuple(model['hidden']))


def spline(model):
    bins = model['bins']
    return {
        'univariate': partial(zuko.transforms.MonotonicRQSTransform, bound=float(model['bound']), slope=1e-3),
        'shapes': [(bins,), (bins,), (bins - 1,)],
    }


def standard_normal(dim):
    zeros, ones = torch.zeros(dim), torch.ones(dim)
    return zuko.lazy.UnconditionalDistribution(zuko.distributions.DiagNormal, zeros, ones, buffer=True)


families = {
    'maf': maf,
    'nsf': nsf,
    'nsfCoupling': nsf_coupling,
    'affineThenSplines': affine_then_splines,
    'ncsf': ncsf,
}


def rows_of(file, width):
    return torch.from_numpy(np.fromfile(file, dtype=np.float32).reshape(-1, width))


def log_densities(flow, x):
    with torch.no_grad():
        return torch.cat([flow().log_prob(part) for part in x.split(2048)]).double()


def fit(request):
    torch.manual_seed(request['seed'])
    start = time.process_time()
    train, validation = (rows_of(request['files'][part], request['width']) for part in ('train', 'validation'))
    plan = request['training']
    steps, rate = plan['steps'], plan['learningRate']
    flow = families[request['model']['family']](request['width'], request['model'])
    parameters = list(flow.parameters())
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=plan['weightDecay'])
    batch = min(plan['batchSize'], len(train))
    in_epoch = len(train) // batch
    best = {'validation': math.inf, 'best': 0, 'state': None}
    step = waited = 0
    while step < steps and waited < plan['patience']:
        order = torch.randperm(len(train))
        for k in range(min(in_epoch, steps - step)):
            if plan['schedule'] == 'cosine':
                for group in optimizer.param_groups:
                    group['lr'] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
            optimizer.zero_grad()
            loss = -flow().log_prob(train[order[k * batch : (k + 1) * batch]]).mean()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(parameters, plan['clipNorm'])
            if not (torch.isfinite(loss) and torch.isfinite(norm)):
                raise ArithmeticError(f'a loss of {loss.item()} at step {step + 1}')
            optimizer.step()
            step += 1
        held = -log_densities(flow, validation).mean().item()
        waited += 1
        if held < best['validation']:
            state = {name: value.clone() for name, value in flow.state_dict().items()}
            best, waited = {'validation': held, 'best': step, 'state': state}, 0
    flow.load_state_dict(best['state'])
    seconds = time.process_time() - start
    scores = log_densities(flow, rows_of(request['files']['test'], request['width']))
    return {
        'nats': scores.mean().item(),
        'se': scores.std().item() / math.sqrt(len(scores)),
        'validation': best['validation'],
        'steps': step,
        'best': best['best'],
        'parameters': sum(p.numel() for p in parameters),
        'seconds': seconds,
    }


print(json.dumps({'versions': f'zuko {zuko.__version__}, torch {torch.__version__}'}), flush=True)
for line in sys.stdin:
    try:
        answer = fit(json.loads(line))
    except Exception as error:
        answer = {'error': f'{type(error).__name__}: {error}'[:300]}
    print(json.dumps(answer), flush=True)
