/** Kernels of tfjs' cpu and wasm backends that have no lowering yet. */
const pending: ReadonlyArray<string> = [
  ...['AvgPool', 'AvgPool3D', 'AvgPool3DGrad', 'AvgPoolGrad', 'BatchToSpaceND', 'Bincount', 'BitwiseAnd', 'BroadcastArgs', 'Conv2D'],
  ...['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'Conv3D', 'Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2', 'CropAndResize'],
  ...['DenseBincount', 'DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'],
  ...['Dilation2D', 'Dilation2DBackpropFilter', 'Dilation2DBackpropInput', 'Einsum', 'FusedConv2D', 'FusedDepthwiseConv2D', 'LRN'],
  ...['LRNGrad', 'MaxPool', 'MaxPool3D', 'MaxPool3DGrad', 'MaxPoolGrad', 'MaxPoolWithArgmax', 'ResizeBilinear', 'ResizeBilinearGrad'],
  ...[
    'ResizeNearestNeighbor',
    'ResizeNearestNeighborGrad',
    'RotateWithOffset',
    'SpaceToBatchND',
    'TensorScatterUpdate',
    'TopK',
    'Transform',
  ],
]

/** Kernels whose values a program cannot hold. */
const other: ReadonlyArray<readonly [string, string]> = [
  ...['Complex', 'ComplexAbs', 'FFT', 'IFFT', 'Imag', 'Real'].map(name => [name, 'it makes complex numbers'] as const),
  ...['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'].map(name => [name, 'it makes strings'] as const),
  ...[
    ...['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5', 'RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'],
    ...['SparseFillEmptyRows', 'SparseReshape', 'SparseSegmentMean', 'SparseSegmentSum', 'SparseToDense', 'Unique'],
  ].map(name => [name, 'the shape of its result depends on the values'] as const),
  ['Multinomial', 'its random numbers have no key; use the functions of random'],
  ['Draw', 'it draws on a canvas'],
]

/** Why a kernel cannot be traced, by its name. */
export const unsupported: ReadonlyMap<string, string> = new Map([
  ...pending.map(name => [name, 'it has no lowering yet'] as const),
  ...other,
])
