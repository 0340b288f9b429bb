/** Bijectors made from built parts, without specs: what `build` calls. */
export * as bijectors from './bijectors/index.ts'
export { grad, valueAndGrad } from './autodiff/value-and-grad.ts'
export { isolated } from './autodiff/isolated.ts'
export { differentiable, ensureRules } from './autodiff/rules.ts'
export { stopGradient } from './autodiff/stop-gradient.ts'
export { actNorm } from './bijectors/act-norm.ts'
export { autoregressive } from './bijectors/autoregressive.ts'
export { chain } from './bijectors/chain.ts'
export { coupling } from './bijectors/coupling.ts'
export { conditional, elementwise } from './bijectors/elementwise.ts'
export { bijectorFromFunction } from './bijectors/from-function.ts'
export type { BijectorFunctionOptions } from './bijectors/from-function.ts'
export { givenCategories } from './bijectors/given-categories.ts'
export type { GivenCategoriesSpec } from './bijectors/given-categories.ts'
export { invert } from './bijectors/invert.ts'
export { dense } from './bijectors/linear/dense.ts'
export type { DenseParams, DenseSpec } from './bijectors/linear/dense.ts'
export { diagonal } from './bijectors/linear/diagonal.ts'
export { householder } from './bijectors/linear/householder.ts'
export type { HouseholderParams, HouseholderSpec } from './bijectors/linear/householder.ts'
export { lowRank } from './bijectors/linear/low-rank.ts'
export type { LowRankParams, LowRankSpec } from './bijectors/linear/low-rank.ts'
export { orthogonal } from './bijectors/linear/orthogonal.ts'
export type { OrthogonalParams, OrthogonalSpec, RotationMap } from './bijectors/linear/orthogonal.ts'
export { plu } from './bijectors/linear/plu.ts'
export type { PluParams, PluSpec } from './bijectors/linear/plu.ts'
export { qr } from './bijectors/linear/qr.ts'
export type { QrParams, QrSpec } from './bijectors/linear/qr.ts'
export { svd } from './bijectors/linear/svd.ts'
export type { SvdParams, SvdSpec } from './bijectors/linear/svd.ts'
export { triangular } from './bijectors/linear/triangular.ts'
export type { TriangularParams, TriangularSpec } from './bijectors/linear/triangular.ts'
export { permute, reverse } from './bijectors/permute.ts'
export { planar } from './bijectors/planar.ts'
export type { PlanarParams, PlanarSpec } from './bijectors/planar.ts'
export { radial } from './bijectors/radial.ts'
export type { RadialParams, RadialSpec } from './bijectors/radial.ts'
export { sylvester } from './bijectors/sylvester.ts'
export type { SylvesterBasis, SylvesterParams, SylvesterSizes, SylvesterSpec } from './bijectors/sylvester.ts'
export { twoSidedCoupling } from './bijectors/two-sided-coupling.ts'
export type { TwoSidedCouplingSpec } from './bijectors/two-sided-coupling.ts'
export { ginCoupling } from './bijectors/gin-coupling.ts'
export type { GinCouplingParams, GinCouplingSpec } from './bijectors/gin-coupling.ts'
export { blockwise } from './bijectors/wrappers/blockwise.ts'
export type { BlockwiseSpec } from './bijectors/wrappers/blockwise.ts'
export { concatenate } from './bijectors/wrappers/concatenate.ts'
export type { Block, ConcatenateSpec } from './bijectors/wrappers/concatenate.ts'
export { conjugate } from './bijectors/wrappers/conjugate.ts'
export type { ConjugateParams, ConjugateSpec } from './bijectors/wrappers/conjugate.ts'
export { embed } from './bijectors/wrappers/embed.ts'
export type { EmbedParams, EmbedSpec } from './bijectors/wrappers/embed.ts'
export { freeze } from './bijectors/wrappers/freeze.ts'
export type { FreezeSpec } from './bijectors/wrappers/freeze.ts'
export { indexed } from './bijectors/wrappers/indexed.ts'
export type { IndexedSpec } from './bijectors/wrappers/indexed.ts'
export { reparameterize, weightNorm } from './bijectors/wrappers/reparameterize.ts'
export type { LeafFunction, Reparameterization, ReparameterizeSpec } from './bijectors/wrappers/reparameterize.ts'
export { reshape } from './bijectors/wrappers/reshape.ts'
export type { ReshapeSpec } from './bijectors/wrappers/reshape.ts'
export { stack } from './bijectors/wrappers/stack.ts'
export type { StackSpec } from './bijectors/wrappers/stack.ts'
export { transpose } from './bijectors/wrappers/transpose.ts'
export type { TransposeSpec } from './bijectors/wrappers/transpose.ts'
export { repeat } from './bijectors/repeat.ts'
export type {
  Bijector,
  Context,
  Cost,
  Distribution,
  Network,
  Params,
  ScalarSupport,
  Shape,
  Space,
  Support,
  Transformer,
} from './contracts.ts'
export { monotoneRoot } from './control/monotone-root.ts'
export type { RootOptions, Sloped } from './control/monotone-root.ts'
export { scan } from './control/scan.ts'
export type { Scanned, ScanOptions, Step } from './control/scan.ts'
export { whileLoop } from './control/while-loop.ts'
export type { WhileGradients, WhileOptions, WhileSite } from './control/while-loop.ts'
export { categorical } from './distributions/categorical.ts'
export type { CategoricalParams, CategoricalSpec } from './distributions/categorical.ts'
export { beta } from './distributions/beta.ts'
export type { BetaSpec } from './distributions/beta.ts'
export { box } from './distributions/box.ts'
export type { BoxSpec } from './distributions/box.ts'
export { cauchy } from './distributions/cauchy.ts'
export type { CauchySpec } from './distributions/cauchy.ts'
export { conditionalDistribution, conditionalNormal } from './distributions/conditional.ts'
export type { ConditionalDistributionSpec } from './distributions/conditional.ts'
export { exponential } from './distributions/exponential.ts'
export type { ExponentialSpec } from './distributions/exponential.ts'
export { gamma } from './distributions/gamma.ts'
export type { GammaSpec } from './distributions/gamma.ts'
export { gumbel } from './distributions/gumbel.ts'
export type { GumbelSpec } from './distributions/gumbel.ts'
export { laplace } from './distributions/laplace.ts'
export type { LaplaceSpec } from './distributions/laplace.ts'
export type { LocationScaleOptions, LocationScaleSpec } from './distributions/location-scale.ts'
export { logNormal } from './distributions/log-normal.ts'
export type { LogNormalSpec } from './distributions/log-normal.ts'
export { logistic } from './distributions/logistic.ts'
export type { LogisticSpec } from './distributions/logistic.ts'
export { lowRankNormal } from './distributions/low-rank-normal.ts'
export type { LowRankNormalParams, LowRankNormalSpec } from './distributions/low-rank-normal.ts'
export { mixtureMade } from './distributions/mixture-made.ts'
export type { MixtureMadeSpec } from './distributions/mixture-made.ts'
export { mixture } from './distributions/mixture.ts'
export type { MixtureParams, MixtureSpec } from './distributions/mixture.ts'
export { multivariateNormal } from './distributions/multivariate-normal.ts'
export type { MultivariateNormalParams, MultivariateNormalSpec } from './distributions/multivariate-normal.ts'
export { uniformSphere, vonMisesFisher } from './distributions/sphere.ts'
export type { UniformSphereSpec, VonMisesFisherParams, VonMisesFisherSpec } from './distributions/sphere.ts'
export { studentT } from './distributions/student-t.ts'
export type { StudentTSpec } from './distributions/student-t.ts'
export { truncated } from './distributions/truncated.ts'
export type { TruncatedSpec } from './distributions/truncated.ts'
export { vonMises } from './distributions/von-mises.ts'
export type { VonMisesSpec } from './distributions/von-mises.ts'
export { diagonalNormal, standardNormal } from './distributions/normal.ts'
export type { DiagonalNormalParams } from './distributions/normal.ts'
export { product } from './distributions/product.ts'
export type { ProductParams, ProductSpec } from './distributions/product.ts'
export { uniform } from './distributions/uniform.ts'
export { bijectorFor } from './flows/bijector-for.ts'
export { build, buildBijector, buildDistribution } from './flows/build.ts'
export type { Sizes } from './flows/build.ts'
export { builtins } from './flows/builtins.ts'
export { flow, given, sampleEach, transformed } from './flows/flow.ts'
export type { Flow, FlowParams } from './flows/flow.ts'
export { mafMog } from './flows/maf-mog.ts'
export { iaf, maf, nice, nsf, realNvp } from './flows/recipes.ts'
export { planarFlow, radialFlow, sylvesterFlow } from './flows/sylvester-recipes.ts'
export { triangularSpline } from './flows/triangular-spline.ts'
export { crossEntropy, entropy, klDivergence } from './losses/divergences.ts'
export type { Bound, Estimate } from './losses/divergences.ts'
export { negativeLogLikelihood, reverseKL } from './losses/losses.ts'
export type { Batch, LogDensity, Loss } from './losses/losses.ts'
export { embedding } from './networks/embedding.ts'
export type { EmbeddingSpec } from './networks/embedding.ts'
export { gatedResidual } from './networks/gated-residual.ts'
export type { GatedBlock, GatedResidualParams, GatedResidualSpec } from './networks/gated-residual.ts'
export { lipschitzMlp, spectralBound } from './networks/lipschitz-mlp.ts'
export type { LipschitzMlpSpec } from './networks/lipschitz-mlp.ts'
export { made } from './networks/made.ts'
export type { MadeParams } from './networks/made.ts'
export { mlp } from './networks/mlp.ts'
export type { MlpParams } from './networks/mlp.ts'
export { residualMlp } from './networks/residual-mlp.ts'
export type { ResidualMlpParams } from './networks/residual-mlp.ts'
export { defineOp, runHost } from './ops/define-op.ts'
export type { OpFunction } from './ops/define-op.ts'
export { ensureRule, ruleOf } from './ops/gradient.ts'
export { pullback } from './ops/pullback.ts'
export { isHostOp, opNamed } from './ops/op.ts'
export type { CompositeOp, HostOp, Op, TensorData, TensorType, Vjp } from './ops/op.ts'
export type { Json } from './ops/json.ts'
export { isTracing, setTracer } from './ops/tracer.ts'
export type { LoopStep, Tracer, WhileFunctions } from './ops/tracer.ts'
export { normalArray, randintArray, uniformArray } from './random/arrays.ts'
export type { Bounds } from './random/arrays.ts'
export { bits, foldIn, key, split } from './random/key.ts'
export type { Key, TracedKey } from './random/key.ts'
export { permutation } from './random/permutation.ts'
export { normal, randint } from './random/sample.ts'
/** Random numbers as a function of keys, with JAX's bits. */
export * as random from './random/index.ts'
export { register } from './registry.ts'
export type {
  Adjacency,
  BijectorEntry,
  BijectorSite,
  Builder,
  DistributionEntry,
  DistributionSite,
  Entry,
  NetworkEntry,
  NetworkSite,
  Registry,
  Site,
  SpecCodec,
  TransformerEntry,
  TransformerSite,
} from './registry.ts'
export type { AnySpec, BijectorSpec, DistributionSpec, NetworkSpec, TransformerSpec } from './spec.ts'
export type {
  Activation,
  ActNormSpec,
  AdditiveSpec,
  AffineSpec,
  AutoregressiveSpec,
  ChainSpec,
  ConditionalSpec,
  CouplingMask,
  CouplingSpec,
  DiagonalNormalSpec,
  ElementwiseSpec,
  FlowSpec,
  InvertSpec,
  KnotMap,
  MadeSpec,
  MlpSpec,
  PermuteSpec,
  RationalQuadraticSpec,
  RepeatSpec,
  ResidualMlpSpec,
  ReverseSpec,
  ScaleMap,
  ScaleSpec,
  StandardNormalSpec,
  UniformSpec,
} from './specs.ts'
export { kMeans } from './statistics/k-means.ts'
export type { Clusters, Points } from './statistics/k-means.ts'
export { circle, positive, real, realSpace } from './support.ts'
export { handle, isTapeOn, mean, tidy, total } from './tensor.ts'
export { additive } from './transformers/additive.ts'
export { affine } from './transformers/affine.ts'
export { bernstein } from './transformers/bernstein.ts'
export type { BernsteinSpec, BernsteinTails } from './transformers/bernstein.ts'
export { deepSigmoid } from './transformers/deep-sigmoid.ts'
export type { DeepSigmoidSpec } from './transformers/deep-sigmoid.ts'
export { gaussianization } from './transformers/gaussianization.ts'
export type { GaussianizationSpec } from './transformers/gaussianization.ts'
export { heavyTails } from './transformers/heavy-tails.ts'
export type { HeavyTailsSpec } from './transformers/heavy-tails.ts'
export { logisticMixture } from './transformers/logistic-mixture.ts'
export type { LogisticMixtureSpec } from './transformers/logistic-mixture.ts'
export { monotoneMlp } from './transformers/monotone-mlp.ts'
export type { MonotoneMlpParams, MonotoneMlpSpec } from './transformers/monotone-mlp.ts'
export { sumOfSquares } from './transformers/sum-of-squares.ts'
export type { SumOfSquaresSpec } from './transformers/sum-of-squares.ts'
export { unconstrainedMonotone } from './transformers/unconstrained-monotone.ts'
export type { UnconstrainedMonotoneParams, UnconstrainedMonotoneSpec } from './transformers/unconstrained-monotone.ts'
export { elementwiseFrom } from './transformers/from-function.ts'
export type { FunctionOptions } from './transformers/from-function.ts'
export { fixedAffine } from './transformers/fixed-affine.ts'
export type { FixedAffineSpec } from './transformers/fixed-affine.ts'
export { knotsOf } from './transformers/knots.ts'
export type { Knots } from './transformers/knots.ts'
export {
  linearRationalForward,
  linearRationalInverse,
  linearRationalParts,
  linearRationalSpline,
} from './transformers/linear-rational-spline.ts'
export type { LinearRationalSplineSpec } from './transformers/linear-rational-spline.ts'
export { linearSpline } from './transformers/linear-spline.ts'
export type { LinearSplineSpec } from './transformers/linear-spline.ts'
export type { SplineFields } from './transformers/pieces.ts'
export { quadraticForward, quadraticInverse, quadraticSpline } from './transformers/quadratic-spline.ts'
export type { QuadraticSplineSpec } from './transformers/quadratic-spline.ts'
export { rationalQuadratic, splineForward, splineInverse } from './transformers/rational-quadratic.ts'
export { scale } from './transformers/scale.ts'
export { circularShift } from './transformers/circular-shift.ts'
export type { CircularShiftSpec } from './transformers/circular-shift.ts'
export { circularSpline } from './transformers/circular-spline.ts'
export type { CircularSplineSpec } from './transformers/circular-spline.ts'
export { moebius } from './transformers/moebius.ts'
export type { MoebiusSpec } from './transformers/moebius.ts'
export { periodic } from './networks/periodic.ts'
export type { PeriodicSpec } from './networks/periodic.ts'
export { uniformCircle } from './distributions/uniform-circle.ts'
export type { UniformCircleSpec } from './distributions/uniform-circle.ts'
export { cauchyCdf } from './transformers/cauchy-cdf.ts'
export type { CauchyCdfSpec } from './transformers/cauchy-cdf.ts'
export { each } from './transformers/each.ts'
export type { EachSpec } from './transformers/each.ts'
export { exp, log } from './transformers/exp.ts'
export type { ExpSpec } from './transformers/exp.ts'
export { expm1, log1p } from './transformers/expm1.ts'
export type { Expm1Spec } from './transformers/expm1.ts'
export { gumbelCdf } from './transformers/gumbel-cdf.ts'
export type { GumbelCdfSpec } from './transformers/gumbel-cdf.ts'
export { identity } from './transformers/identity.ts'
export type { IdentitySpec } from './transformers/identity.ts'
export { inverseOf } from './transformers/inverse-of.ts'
export type { InverseOfSpec } from './transformers/inverse-of.ts'
export { leakyRelu } from './transformers/leaky-relu.ts'
export type { LeakyReluSpec } from './transformers/leaky-relu.ts'
export { leakyTanh } from './transformers/leaky-tanh.ts'
export type { LeakyTanhSpec } from './transformers/leaky-tanh.ts'
export { logTanh } from './transformers/log-tanh.ts'
export type { LogTanhSpec } from './transformers/log-tanh.ts'
export { normalCdf } from './transformers/normal-cdf.ts'
export type { NormalCdfSpec } from './transformers/normal-cdf.ts'
export { power, signedPower } from './transformers/power.ts'
export type { PowerSpec, SignedPowerSpec } from './transformers/power.ts'
export { logisticCdf, logit, sigmoid } from './transformers/sigmoid.ts'
export type { SigmoidSpec } from './transformers/sigmoid.ts'
export { sinh } from './transformers/sinh.ts'
export type { SinhSpec } from './transformers/sinh.ts'
export { sinhArcsinh } from './transformers/sinh-arcsinh.ts'
export type { SinhArcsinhSpec } from './transformers/sinh-arcsinh.ts'
export { softplus } from './transformers/softplus.ts'
export type { SoftplusSpec } from './transformers/softplus.ts'
export { tanh } from './transformers/tanh.ts'
export type { TanhSpec } from './transformers/tanh.ts'
export { entries, firstDifference, isBranch, leaves, mapTree, paths, sameStructure, showPath, unflatten, zipTree } from './tree.ts'
export type { Path, Tree } from './tree.ts'
