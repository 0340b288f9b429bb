import { actNormEntry } from '../bijectors/act-norm.ts'
import { autoregressiveEntry } from '../bijectors/autoregressive.ts'
import { blockAutoregressiveEntry } from '../bijectors/block-autoregressive.ts'
import { chainEntry } from '../bijectors/chain.ts'
import { couplingEntry } from '../bijectors/coupling.ts'
import { conditionalEntry, elementwiseEntry } from '../bijectors/elementwise.ts'
import { givenCategoriesEntry } from '../bijectors/given-categories.ts'
import { invertEntry } from '../bijectors/invert.ts'
import { constrainedEntries } from '../bijectors/constrained/entries.ts'
import { denseEntry } from '../bijectors/linear/dense.ts'
import { householderEntry } from '../bijectors/linear/householder.ts'
import { lowRankEntry } from '../bijectors/linear/low-rank.ts'
import { orthogonalEntry } from '../bijectors/linear/orthogonal.ts'
import { pluEntry } from '../bijectors/linear/plu.ts'
import { qrEntry } from '../bijectors/linear/qr.ts'
import { svdEntry } from '../bijectors/linear/svd.ts'
import { triangularEntry } from '../bijectors/linear/triangular.ts'
import { permuteEntry, reverseEntry } from '../bijectors/permute.ts'
import { planarEntry } from '../bijectors/planar.ts'
import { radialEntry } from '../bijectors/radial.ts'
import { sylvesterEntry } from '../bijectors/sylvester.ts'
import { twoSidedCouplingEntry } from '../bijectors/two-sided-coupling.ts'
import { ginCouplingEntry } from '../bijectors/gin-coupling.ts'
import { blockwiseEntry } from '../bijectors/wrappers/blockwise.ts'
import { concatenateEntry } from '../bijectors/wrappers/concatenate.ts'
import { conjugateEntry } from '../bijectors/wrappers/conjugate.ts'
import { embedEntry } from '../bijectors/wrappers/embed.ts'
import { freezeEntry } from '../bijectors/wrappers/freeze.ts'
import { indexedEntry } from '../bijectors/wrappers/indexed.ts'
import { reparameterizeEntry } from '../bijectors/wrappers/reparameterize.ts'
import { reshapeEntry } from '../bijectors/wrappers/reshape.ts'
import { stackEntry } from '../bijectors/wrappers/stack.ts'
import { transposeEntry } from '../bijectors/wrappers/transpose.ts'
import { batchNormEntry } from '../bijectors/batch-norm.ts'
import { padEntry } from '../bijectors/wrappers/pad.ts'
import { repeatEntry } from '../bijectors/repeat.ts'
import { categoricalEntry } from '../distributions/categorical.ts'
import { distributionEntries } from '../distributions/entries.ts'
import { diagonalNormalEntry, standardNormalEntry } from '../distributions/normal.ts'
import { productEntry } from '../distributions/product.ts'
import { uniformEntry } from '../distributions/uniform.ts'
import { embeddingEntry } from '../networks/embedding.ts'
import { gatedResidualEntry } from '../networks/gated-residual.ts'
import { lipschitzMlpEntry } from '../networks/lipschitz-mlp.ts'
import { madeEntry } from '../networks/made.ts'
import { mlpEntry } from '../networks/mlp.ts'
import { periodicEntry } from '../networks/periodic.ts'
import { residualMlpEntry } from '../networks/residual-mlp.ts'
import { register } from '../registry.ts'
import type { Registry } from '../registry.ts'
import { additiveEntry } from '../transformers/additive.ts'
import { affineEntry } from '../transformers/affine.ts'
import { bernsteinEntry } from '../transformers/bernstein.ts'
import { deepSigmoidEntry } from '../transformers/deep-sigmoid.ts'
import { gaussianizationEntry } from '../transformers/gaussianization.ts'
import { heavyTailsEntry } from '../transformers/heavy-tails.ts'
import { logisticMixtureEntry } from '../transformers/logistic-mixture.ts'
import { monotoneMlpEntry } from '../transformers/monotone-mlp.ts'
import { sumOfSquaresEntry } from '../transformers/sum-of-squares.ts'
import { unconstrainedMonotoneEntry } from '../transformers/unconstrained-monotone.ts'
import { intervalSplineEntry } from '../transformers/interval-spline.ts'
import { linearRationalSplineEntry } from '../transformers/linear-rational-spline.ts'
import { linearSplineEntry } from '../transformers/linear-spline.ts'
import { quadraticSplineEntry } from '../transformers/quadratic-spline.ts'
import { fixedAffineEntry } from '../transformers/fixed-affine.ts'
import { rationalQuadraticEntry } from '../transformers/rational-quadratic.ts'
import { mapEntries } from '../transformers/map-entries.ts'
import { scaleEntry } from '../transformers/scale.ts'
import { flowEntry } from './flow.ts'

const empty: Registry = { bijector: {}, transformer: {}, network: {}, distribution: {} }

/** Every tag that diffeo comes with. */
export const builtins: Registry = register(empty, {
  bijector: [
    actNormEntry,
    autoregressiveEntry,
    batchNormEntry,
    blockAutoregressiveEntry,
    blockwiseEntry,
    chainEntry,
    concatenateEntry,
    conditionalEntry,
    conjugateEntry,
    couplingEntry,
    denseEntry,
    elementwiseEntry,
    embedEntry,
    freezeEntry,
    ginCouplingEntry,
    givenCategoriesEntry,
    householderEntry,
    indexedEntry,
    invertEntry,
    lowRankEntry,
    orthogonalEntry,
    padEntry,
    permuteEntry,
    planarEntry,
    pluEntry,
    qrEntry,
    radialEntry,
    reparameterizeEntry,
    repeatEntry,
    reshapeEntry,
    reverseEntry,
    stackEntry,
    svdEntry,
    sylvesterEntry,
    transposeEntry,
    triangularEntry,
    twoSidedCouplingEntry,
    ...constrainedEntries,
  ],
  transformer: [
    additiveEntry,
    affineEntry,
    bernsteinEntry,
    deepSigmoidEntry,
    fixedAffineEntry,
    gaussianizationEntry,
    heavyTailsEntry,
    intervalSplineEntry,
    linearRationalSplineEntry,
    linearSplineEntry,
    logisticMixtureEntry,
    monotoneMlpEntry,
    quadraticSplineEntry,
    rationalQuadraticEntry,
    scaleEntry,
    ...mapEntries,
    sumOfSquaresEntry,
    unconstrainedMonotoneEntry,
  ],
  network: [embeddingEntry, gatedResidualEntry, lipschitzMlpEntry, madeEntry, mlpEntry, periodicEntry, residualMlpEntry],
  distribution: [categoricalEntry, diagonalNormalEntry, flowEntry, productEntry, standardNormalEntry, uniformEntry, ...distributionEntries],
})
