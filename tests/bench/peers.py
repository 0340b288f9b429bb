"""The workloads of the benchmark by zuko and nflows (PyTorch) and FlowJAX (JAX).

    python3 -m venv ~/diffeo-peers
    ~/diffeo-peers/bin/pip install torch zuko nflows 'jax[cpu]' flowjax optax
    npm run bench -- --peers ~/diffeo-peers/bin/python            # they take turns with the others
    ~/diffeo-peers/bin/python tests/bench/peers.py --only W1,W3   # they alone, one JSON line each

With `--serve PEER` it answers requests on standard input, as child.ts does: the messages are in work.ts. nflows' MADE adds a
block to its first layer: one block is two hidden layers, as in the other contestants.
"""
import argparse
import json
import os
import statistics
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument('--serve', choices=['zuko', 'nflows', 'flowjax'])
parser.add_argument('--threads', type=int, default=1)
parser.add_argument('--only', default='W1,W2,W3,W4,W5,W6')
parser.add_argument('--peers', default='zuko,nflows,flowjax')
parser.add_argument('--seconds', type=float, default=3, help='of each workload, when they run alone')
arguments = parser.parse_args()

for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(name, str(arguments.threads))
if arguments.threads == 1:
    os.environ.setdefault('XLA_FLAGS', '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1')

step = {'job': 'step', 'rows': 512, 'chunk': 10_000}
real_nvp = {'model': 'affineCoupling', 'dim': 2, 'layers': 8, 'hidden': [64, 64]}
nsf = {'model': 'splineCoupling', 'dim': 6, 'layers': 8, 'hidden': [128, 128]}
maf = {'model': 'affineAutoregressive', 'dim': 43, 'layers': 5, 'hidden': [256, 256]}
workloads = {
    'W1': {**step, **real_nvp},
    'W2': {**step, **nsf},
    'W3': {**step, **maf},
    'W4': {'job': 'sample', **maf, 'rows': 10_000, 'chunk': 10_000},
    'W5': {'job': 'logProb', **nsf, 'rows': 100_000, 'chunk': 10_000},
    'W6': {**step, 'model': 'splineAutoregressive', 'dim': 6, 'layers': 5, 'hidden': [128, 128]},
}


# the extended table, see families.ts
made = {**step, 'dim': 6, 'layers': 3, 'hidden': [64, 64]}
bare = {**step, 'dim': 6, 'layers': 8, 'hidden': []}
families = {
    **{name: made for name in ('affine', 'rational-quadratic', 'quadratic-spline', 'naf', 'unaf', 'sum-of-squares', 'bernstein')},
    'circular-spline': {**made, 'angles': True},
    'additive': {**made, 'layers': 4},
    'gaussianization': {**bare, 'layers': 3},
    'block-autoregressive': {**bare, 'layers': 3},
    **{name: bare for name in ('triangular-spline', 'planar', 'orthogonal', 'plu', 'qr', 'svd', 'householder', 'triangular')},
}
workloads |= {f'X-{name}': {**work, 'model': name} for name, work in families.items()}


class Absent(Exception):
    """This peer does not have this model or job."""


# ---- PyTorch


def zuko_flow(work):
    from functools import partial

    import torch
    import zuko

    dim, layers, hidden = work['dim'], work['layers'], tuple(work['hidden'])
    if work['model'] in families:
        return zuko_family(work['model'], dim, layers, hidden)
    if work['model'] == 'affineCoupling':
        return zuko.flows.RealNVP(dim, transforms=layers, hidden_features=hidden)
    if work['model'] == 'affineAutoregressive':
        return zuko.flows.MAF(dim, transforms=layers, hidden_features=hidden)
    if work['model'] == 'splineAutoregressive':
        return zuko.flows.NSF(dim, transforms=layers, bins=8, hidden_features=hidden)
    # its own coupling layer: NSF(passes=2) would compute the parameters of all dimensions
    spline = partial(zuko.transforms.MonotonicRQSTransform, slope=1e-3)
    couplings = [
        zuko.flows.coupling.GeneralCouplingTransform(
            dim, mask=torch.arange(dim) % 2 == k % 2, univariate=spline, shapes=[(8,), (8,), (7,)], hidden_features=hidden
        )
        for k in range(layers)
    ]
    return zuko.lazy.Flow(couplings, normal_base(dim))


def zuko_family(name, dim, layers, hidden):
    import torch
    import zuko
    from zuko import flows, transforms
    from zuko.lazy import UnconditionalTransform

    masked = {'transforms': layers, 'hidden_features': hidden}
    lazily = lambda build: zuko.lazy.Flow([build() for _ in range(layers)], normal_base(dim))
    return {
        'affine': lambda: flows.MAF(dim, **masked),
        'rational-quadratic': lambda: flows.NSF(dim, bins=8, **masked),
        'circular-spline': lambda: flows.NCSF(dim, bins=8, **masked),
        'naf': lambda: flows.NAF(dim, **masked),
        'unaf': lambda: flows.UNAF(dim, **masked),
        'sum-of-squares': lambda: flows.SOSPF(dim, **masked),
        'bernstein': lambda: flows.BPF(dim, **masked),
        'additive': lambda: flows.NICE(dim, univariate=transforms.AdditiveTransform, shapes=[()], **masked),
        'gaussianization': lambda: flows.GF(dim, transforms=layers),
        'orthogonal': lambda: lazily(lambda: UnconditionalTransform(transforms.RotationTransform, A=0.1 * torch.randn(dim, dim))),
        'plu': lambda: lazily(lambda: UnconditionalTransform(transforms.LULinearTransform, LU=torch.eye(dim) + 0.1 * torch.randn(dim, dim))),
    }[name]()


def normal_base(dim):
    import torch
    import zuko

    return zuko.lazy.UnconditionalDistribution(zuko.distributions.DiagNormal, torch.zeros(dim), torch.ones(dim), buffer=True)


def zuko_task(work):
    import zuko

    flow = zuko_flow(work)
    return torch_task(work, flow, lambda x: flow().log_prob(x), lambda n: flow().sample((n,)), zuko)


def nflows_flow(work):
    import torch
    from nflows import distributions, flows, transforms
    from nflows.nn import nets

    dim, layers, hidden = work['dim'], work['layers'], work['hidden']

    class Conditioner(nets.MLP):
        # a coupling hands its context over, which an MLP does not take
        def forward(self, inputs, context=None):
            return super().forward(inputs)

    net = lambda i, o: Conditioner((i,), (o,), hidden, activation=torch.relu)
    spline = {'num_bins': 8, 'tails': 'linear', 'tail_bound': 5.0}
    masked = {'num_blocks': len(hidden) - 1, 'use_residual_blocks': False}

    def alternating(k):
        mask = torch.zeros(dim)
        mask[(k % 2) :: 2] = 1
        return mask

    layer = {
        'affineCoupling': lambda k: [transforms.AffineCouplingTransform(alternating(k), net)],
        'splineCoupling': lambda k: [transforms.PiecewiseRationalQuadraticCouplingTransform(alternating(k), net, **spline)],
        'affineAutoregressive': lambda k: [
            transforms.ReversePermutation(dim),
            transforms.MaskedAffineAutoregressiveTransform(dim, hidden[0], **masked),
        ],
        'splineAutoregressive': lambda k: [
            transforms.ReversePermutation(dim),
            transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(dim, hidden[0], **spline, **masked),
        ],
        'quadratic-spline': lambda k: [
            transforms.ReversePermutation(dim),
            transforms.MaskedPiecewiseQuadraticAutoregressiveTransform(dim, hidden[0], **spline, **masked),
        ],
        'additive': lambda k: [transforms.AdditiveCouplingTransform(alternating(k), net)],
        'plu': lambda k: [transforms.LULinear(dim)],
        'qr': lambda k: [transforms.QRLinear(dim, dim)],
        'svd': lambda k: [transforms.SVDLinear(dim, dim)],
        'householder': lambda k: [transforms.HouseholderSequence(dim, dim)],
    }[{'affine': 'affineAutoregressive', 'rational-quadratic': 'splineAutoregressive'}.get(work['model'], work['model'])]
    parts = [part for k in range(layers) for part in layer(k)]
    return flows.Flow(transforms.CompositeTransform(parts), distributions.StandardNormal([dim]))


def nflows_task(work):
    import nflows

    flow = nflows_flow(work)
    return torch_task(work, flow, flow.log_prob, flow.sample, nflows)


def torch_task(work, flow, log_prob, sample, library):
    import torch

    versions = f'{library.__name__} {version(library.__name__)}, torch {torch.__version__}'
    sizes = {
        'parameters': sum(p.numel() for p in flow.parameters()),
        'multiplyAdds': sum(p.numel() for p in flow.parameters() if p.ndim == 2),
    }
    if work['model'] in families:
        del sizes['multiplyAdds']
    if work['job'] == 'step':
        x = torch.randn(work['rows'], work['dim'])
        if work.get('angles'):
            x = torch.pi * x.tanh()
        optimizer = torch.optim.Adam(flow.parameters(), 1e-3)

        def run():
            optimizer.zero_grad()
            loss = -log_prob(x).mean()
            loss.backward()
            optimizer.step()
            return loss.item()

    elif work['job'] == 'sample':

        def run():
            with torch.no_grad():
                return sample(work['rows']).mean().item()

    elif work['job'] == 'logProb':
        x = torch.randn(work['rows'], work['dim'])

        def run():
            with torch.no_grad():
                return [log_prob(rows) for rows in x.split(work['chunk'])][0].mean().item()

    else:
        raise Absent('not among its workloads')
    return run, sizes, versions


def torch_start():
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)


# ---- JAX


def flowjax_flow(work, key):
    import equinox as eqx
    import jax.numpy as jnp
    import jax.random as jr
    from flowjax import bijections, flows
    from flowjax.distributions import Normal, Transformed

    name, layers = work['model'], work['layers']
    base = Normal(jnp.zeros(work['dim']))
    if name == 'block-autoregressive':
        return flows.block_neural_autoregressive_flow(key, base_dist=base, flow_layers=layers)
    if name == 'triangular-spline':
        return flows.triangular_spline_flow(key, base_dist=base, flow_layers=layers)
    if name == 'planar':
        return flows.planar_flow(key, base_dist=base, flow_layers=layers)
    if name == 'triangular':
        triangular = lambda k: bijections.TriangularAffine(0.1 * jr.normal(k, (work['dim'],)), jnp.eye(work['dim']))
        return Transformed(base, bijections.Invert(bijections.Scan(eqx.filter_vmap(triangular)(jr.split(key, layers)))))
    # knots are the inner ones: 8 bins
    transformer = {
        'splineCoupling': lambda: bijections.RationalQuadraticSpline(knots=7, interval=5),
        'splineAutoregressive': lambda: bijections.RationalQuadraticSpline(knots=7, interval=5),
        'rational-quadratic': lambda: bijections.RationalQuadraticSpline(knots=7, interval=5),
        'additive': lambda: bijections.Loc(0.0),
    }.get(name, lambda: None)()
    build = flows.coupling_flow if name.endswith('Coupling') or name == 'additive' else flows.masked_autoregressive_flow
    width, depth = work['hidden'][0], len(work['hidden'])
    return build(key, base_dist=base, transformer=transformer, flow_layers=layers, nn_width=width, nn_depth=depth)


def flowjax_task(work):
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import jax.random as jr
    import optax

    try:
        from paramax import unwrap
    except ImportError:
        unwrap = lambda tree: tree

    key = jr.key(0)
    dist = flowjax_flow(work, key)
    params, static = eqx.partition(dist, eqx.is_inexact_array)
    # without weak types, or the second call would be compiled anew
    params = jax.tree_util.tree_map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), params)
    # the layers' weights are stacked: a leading axis more than in one layer
    leaves = jax.tree_util.tree_leaves(params)
    sizes = {'parameters': sum(leaf.size for leaf in leaves), 'multiplyAdds': sum(leaf.size for leaf in leaves if leaf.ndim == 3)}
    if work['model'] in families:
        del sizes['multiplyAdds']
    versions = f'flowjax {version("flowjax")}, jax {jax.__version__}'
    x = jr.normal(key, (work['rows'], work['dim']))
    if work['job'] == 'step':
        optimizer = optax.adam(1e-3)
        state = [params, optimizer.init(params)]

        @jax.jit
        def train(params, opt_state, x):
            loss, grads = jax.value_and_grad(lambda p: -unwrap(eqx.combine(p, static)).log_prob(x).mean())(params)
            updates, opt_state = optimizer.update(grads, opt_state, params)
            return optax.apply_updates(params, updates), opt_state, loss

        def run():
            state[0], state[1], loss = train(state[0], state[1], x)
            return loss.item()

    elif work['job'] == 'sample':
        sample = eqx.filter_jit(lambda d, k: d.sample(k, (work['rows'],)))
        draws = [0]

        def run():
            draws[0] += 1
            return sample(dist, jr.fold_in(key, draws[0])).mean().item()

    elif work['job'] == 'logProb':
        log_prob = eqx.filter_jit(lambda d, rows: d.log_prob(rows))
        chunks = [x[i : i + work['chunk']] for i in range(0, work['rows'], work['chunk'])]

        def run():
            return [log_prob(dist, rows).block_until_ready() for rows in chunks][0].mean().item()

    else:
        raise Absent('not among its workloads')
    return run, sizes, versions


# ---- running


def version(package):
    from importlib.metadata import version

    return version(package)


tasks = {'zuko': zuko_task, 'nflows': nflows_task, 'flowjax': flowjax_task}


def prepare(peer, work):
    """The task of a peer, its first call done: run, its facts, the milliseconds of the call, the memory before it."""
    if work.get('repeated'):
        raise Absent('not among its workloads')
    if peer != 'flowjax':
        torch_start()
    run, sizes, versions = tasks[peer](work)
    start_bytes = memory('VmRSS')
    ms, value = timed(run)
    return run, {**sizes, 'value': value}, versions, ms, start_bytes


def timed(run):
    start = time.perf_counter()
    value = run()
    return 1000 * (time.perf_counter() - start), value


def burst(run, seconds, most):
    end = time.perf_counter() + seconds
    ms = [timed(run)[0]]
    while time.perf_counter() < end and len(ms) < most:
        ms.append(timed(run)[0])
    return ms


def memory(field):
    """Resident memory in bytes: now (VmRSS), or its peak (VmHWM)."""
    try:
        with open('/proc/self/status') as status:
            return 1024 * int(next(line for line in status if line.startswith(field)).split()[1])
    except (OSError, StopIteration):
        return 0


def serve(peer):
    state = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(peer, request, state)
        except Exception as error:  # a peer's own failure is a result too
            reply = {'_tag': 'absent', 'why': f'{type(error).__name__}: {error}'[:300]}
        print('@@ ' + json.dumps(reply), flush=True)


def answer(peer, request, state):
    if request['_tag'] == 'prepare':
        run, facts, versions, ms, start_bytes = prepare(peer, request['work'])
        state.update(run=run, start_bytes=start_bytes)
        if request['warmSeconds'] > 0 and ms < 5000:
            burst(run, request['warmSeconds'], 500)
        return {'_tag': 'ready', 'firstMs': ms, 'facts': facts, 'versions': versions}
    if request['_tag'] == 'run':
        return {'_tag': 'times', 'ms': burst(state['run'], request['seconds'], 5000)}
    return {'_tag': 'memory', 'peakBytes': memory('VmHWM'), 'startBytes': state['start_bytes']}


def alone():
    for peer in arguments.peers.split(','):
        for workload in arguments.only.split(','):
            try:
                run, facts, versions, first, _ = prepare(peer, workloads[workload])
                if first < 5000:
                    burst(run, 0.3, 500)
                ms = burst(run, arguments.seconds, 5000)
                line = {
                    'ms': round(statistics.median(ms), 4),
                    'min_ms': round(min(ms), 4),
                    'runs': len(ms),
                    'first_ms': round(first, 1),
                    'parameters': facts['parameters'],
                    'multiply_adds': facts.get('multiplyAdds'),
                    'versions': versions,
                }
            except Exception as error:
                line = {'missing': f'{type(error).__name__}: {error}'[:300]}
            print(json.dumps({'workload': workload, 'contestant': peer, 'threads': arguments.threads, **line}), flush=True)


serve(arguments.serve) if arguments.serve else alone()
